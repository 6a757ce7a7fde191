//! What the guard knows of functions and relations without asking a server.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::keywords;

/// What the lists say about a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Built in, or of the grammar itself, and harmless in any query.
    Harmless,
    /// Of a usual extension, which may be installed in any schema, and harmless.
    HarmlessExtension,
    /// PostgreSQL's or an extension's, and not harmless: never let through.
    Denied,
    /// In no list: only the server's catalog can tell.
    Unknown,
}

/// Made by `scripts/functions.sql` from a server's own catalog; the script says what the marks mean.
static FUNCTIONS: LazyLock<HashMap<&'static str, Known>> = LazyLock::new(|| {
    include_str!("functions.txt")
        .lines()
        .map(|line| {
            if let Some(name) = line.strip_prefix('!') {
                (name, Known::Denied)
            } else if let Some(name) = line.strip_prefix('+') {
                (name, Known::HarmlessExtension)
            } else {
                (line, Known::Harmless)
            }
        })
        .collect()
});

/// Beginnings of names that only PostgreSQL and extensions that reach out of the database use: what
/// begins so and is not known to be harmless is denied, whatever version or module it comes from.
const DENIED_PREFIXES: &[&str] = &[
    "pg_",
    "lo_",
    "dblink",
    "binary_upgrade",
    "postgres_fdw",
    "plpy",
    "txid_",
];

/// Dangerous functions of modules that the script's server did not have.
const DENIED: &[&str] = &[
    "addauth",
    "addgeometrycolumn",
    "checkauth",
    "copy_from_program",
    "disablelongtransactions",
    "dropgeometrycolumn",
    "dropgeometrytable",
    "enablelongtransactions",
    "http",
    "http_delete",
    "http_get",
    "http_patch",
    "http_post",
    "http_put",
    "lockrow",
    "populate_geometry_columns",
    "unlockrows",
    "updategeometrysrid",
    "xslt_process",
];

pub fn known(name: &str) -> Known {
    if let Some(&known) = FUNCTIONS.get(name) {
        known
    } else if keywords::is_grammar_function(name) {
        Known::Harmless
    } else if is_harmless_postgis(name) {
        Known::HarmlessExtension
    } else if DENIED.binary_search(&name).is_ok()
        || DENIED_PREFIXES
            .iter()
            .any(|prefix| name.starts_with(prefix))
    {
        Known::Denied
    } else {
        Known::Unknown
    }
}

/// PostGIS has a thousand functions that begin with `st_`. Only its raster part reaches files and
/// makes tables.
fn is_harmless_postgis(name: &str) -> bool {
    name.strip_prefix("st_").is_some_and(|rest| {
        !(rest.contains("gdal")
            || rest.contains("fromfile")
            || rest.contains("overview")
            || rest.starts_with("addband")
            || rest.starts_with("setband")
            || rest.starts_with("bandfile")
            || rest.starts_with("bandpath"))
    })
}

/// Methods of TABLESAMPLE: PostgreSQL's two, and those of `tsm_system_rows` and `tsm_system_time`.
pub fn is_sampling_method(name: &str) -> bool {
    matches!(name, "bernoulli" | "system" | "system_rows" | "system_time")
}

/// Catalogs and views that hold passwords, connection strings, settings, other sessions' queries or
/// the server's files.
const SECRET_RELATIONS: &[&str] = &[
    "_pg_foreign_servers",
    "_pg_user_mappings",
    "foreign_server_options",
    "foreign_table_options",
    "pg_authid",
    "pg_config",
    "pg_db_role_setting",
    "pg_file_settings",
    "pg_foreign_server",
    "pg_foreign_table",
    "pg_hba_file_rules",
    "pg_ident_file_mappings",
    "pg_largeobject",
    "pg_settings",
    "pg_shadow",
    "pg_stat_activity",
    "pg_stat_gssapi",
    "pg_stat_replication",
    "pg_stat_ssl",
    "pg_stat_statements",
    "pg_stat_subscription",
    "pg_stat_wal_receiver",
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_subscription",
    "pg_user_mapping",
    "pg_user_mappings",
    "user_mapping_options",
];

pub fn is_secret_relation(name: &str) -> bool {
    SECRET_RELATIONS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted_for_the_search() {
        assert!(SECRET_RELATIONS.is_sorted() && DENIED.is_sorted());
    }

    #[test]
    fn dangerous_functions_are_denied() {
        for name in [
            "pg_sleep",
            "pg_sleep_for",
            "set_config",
            "current_setting",
            "nextval",
            "setval",
            "currval",
            "lastval",
            "setseed",
            "lo_import",
            "lo_export",
            "lo_put",
            "loread",
            "lowrite",
            "dblink",
            "dblink_exec",
            "query_to_xml",
            "table_to_xml",
            "cursor_to_xml",
            "database_to_xml",
            "ts_stat",
            "ts_rewrite",
            "txid_current",
            "pg_current_xact_id",
            "pg_read_file",
            "pg_read_binary_file",
            "pg_ls_dir",
            "pg_stat_file",
            "pg_terminate_backend",
            "pg_advisory_lock",
            "pg_notify",
            "pg_logical_emit_message",
            "pg_create_logical_replication_slot",
            "pg_reload_conf",
            "pg_stat_reset",
            "crosstab",
            "connectby",
            "pg_some_function_of_a_later_version",
            "st_fromgdalraster",
        ] {
            let known = known(name);
            assert!(matches!(known, Known::Denied | Known::Unknown), "{name}");
            assert!(known == Known::Denied || name.starts_with("st_"), "{name}");
        }
    }

    #[test]
    fn needed_functions_are_known_wherever_they_come_from() {
        for (name, expected) in [
            ("lower", Known::Harmless),
            ("random", Known::Harmless),
            ("coalesce", Known::Harmless),
            ("pg_typeof", Known::Harmless),
            ("similarity", Known::HarmlessExtension),
            ("cosine_distance", Known::HarmlessExtension),
            ("st_distance", Known::HarmlessExtension),
            ("uuid_generate_v4", Known::HarmlessExtension),
            ("my_function", Known::Unknown),
        ] {
            assert_eq!(known(name), expected, "{name}");
        }
    }
}
