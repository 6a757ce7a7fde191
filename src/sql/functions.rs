//! The lists behind the guard: functions that are let through, relations that are not, reserved words.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Made by `scripts/functions.sql` from a server's own catalog.
static ALLOWED: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| include_str!("functions.txt").lines().collect());

/// Whether a function of PostgreSQL or of a usual extension is harmless in any query.
pub fn is_allowed(name: &str) -> bool {
    ALLOWED.contains(name) || (name.starts_with("st_") && !name.contains("fromfile"))
}

/// Catalogs that hold passwords, connection strings or the server's files.
const SECRET_RELATIONS: &[&str] = &[
    "pg_authid",
    "pg_shadow",
    "pg_user_mapping",
    "pg_user_mappings",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_file_settings",
    "pg_largeobject",
    "pg_subscription",
    "pg_stat_ssl",
    "pg_stat_gssapi",
    "pg_stat_activity",
    "pg_stat_statements",
    "pg_stat_wal_receiver",
    "pg_foreign_server",
    "pg_statistic",
    "pg_statistic_ext_data",
];

pub fn is_secret_relation(name: &str) -> bool {
    SECRET_RELATIONS.contains(&name)
}

/// Words that PostgreSQL reserves, fully or as names of columns and types
/// (the manual's "SQL Key Words" appendix, PostgreSQL 18).
const RESERVED: &[&str] = &[
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric", "authorization",
    "between", "bigint", "binary", "bit", "boolean", "both", "case", "cast", "char", "character",
    "check", "coalesce", "collate", "collation", "column", "concurrently", "constraint", "create",
    "cross", "current_catalog", "current_date", "current_role", "current_schema", "current_time",
    "current_timestamp", "current_user", "dec", "decimal", "default", "deferrable", "desc", "distinct",
    "do", "else", "end", "except", "exists", "extract", "false", "fetch", "float", "for", "foreign",
    "freeze", "from", "full", "grant", "greatest", "group", "grouping", "having", "ilike", "in",
    "initially", "inner", "inout", "int", "integer", "intersect", "interval", "into", "is", "isnull",
    "join", "json", "json_array", "json_arrayagg", "json_exists", "json_object", "json_objectagg",
    "json_query", "json_scalar", "json_serialize", "json_table", "json_value", "lateral", "leading",
    "least", "left", "like", "limit", "localtime", "localtimestamp", "merge_action", "national",
    "natural", "nchar", "none", "normalize", "not", "notnull", "null", "nullif", "numeric", "offset",
    "on", "only", "or", "order", "out", "outer", "overlaps", "overlay", "placing", "position",
    "precision", "primary", "real", "references", "returning", "right", "row", "select",
    "session_user", "setof", "similar", "smallint", "some", "substring", "symmetric", "system_user",
    "table", "tablesample", "then", "time", "timestamp", "to", "trailing", "treat", "trim", "true",
    "union", "unique", "user", "using", "values", "varchar", "variadic", "verbose", "when", "where",
    "window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists", "xmlforest",
    "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
];

pub fn is_reserved(word: &str) -> bool {
    RESERVED.binary_search(&word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_words_are_sorted_for_the_search() {
        assert!(RESERVED.is_sorted());
    }

    #[test]
    fn dangerous_functions_are_not_on_the_list() {
        for name in [
            "pg_sleep", "set_config", "nextval", "setval", "lo_import", "loread", "lowrite", "dblink",
            "query_to_xml", "table_to_xml", "ts_stat", "txid_current", "current_setting", "pg_read_file",
            "pg_terminate_backend", "pg_advisory_lock", "pg_notify", "crosstab", "cursor_to_xml",
            "pg_ls_dir", "currval", "lastval", "pg_current_xact_id", "setseed", "ts_rewrite", "pg_logical_emit_message",
        ] {
            assert!(!is_allowed(name), "{name}");
        }
    }
}
