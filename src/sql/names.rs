//! The names in a query that its text alone does not settle: what a server's catalog must be asked.

use std::collections::BTreeSet;

use super::functions::{self, Known};
use super::{Policy, Refusal};

/// A function as it is called: its name, after its schema where there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee(pub Vec<String>);

/// Schemas that extensions are commonly installed in.
const EXTENSION_SCHEMAS: &[&str] = &["public", "extensions", "heroku_ext", "postgis"];

impl Callee {
    pub fn name(&self) -> &str {
        self.0.last().map_or("", String::as_str)
    }

    /// Lets through what the lists or the owner call harmless. What no list knows is put down for the
    /// catalog when there will be one to ask.
    ///
    /// # Errors
    /// [`Refusal`] for every other function.
    pub fn judge(self, policy: &Policy, names: &mut Names) -> Result<(), Refusal> {
        let full = || self.0.join(".");
        if !policy.allowed_functions.is_empty() && policy.allowed_functions.contains(&full()) {
            return Ok(());
        }
        let known = match (self.0.as_slice(), functions::known(self.name())) {
            (_, Known::Denied) => Known::Denied,
            ([schema, _], _) if schema == "pg_temp" || schema.starts_with("pg_temp_") => {
                Known::Denied
            }
            ([_], known) => known,
            ([schema, _], Known::Harmless) if schema == "pg_catalog" => Known::Harmless,
            ([schema, _], Known::HarmlessExtension)
                if EXTENSION_SCHEMAS.contains(&schema.as_str()) =>
            {
                Known::HarmlessExtension
            }
            _ => Known::Unknown,
        };
        match known {
            Known::Denied => {
                let full = full();
                Err(
                    Refusal::new(format!("the function {full} does more than read data")).hint(
                        format!("if that is wanted, allow it with `--allow-function {full}`"),
                    ),
                )
            }
            Known::Unknown if !policy.catalog => {
                let full = full();
                Err(Refusal::new(format!(
                    "the function {full} is not on the list of harmless functions, and only a connection can tell more"
                ))
                .hint(format!("if it only reads, allow it with `--allow-function {full}`")))
            }
            _ => {
                // A function of the same name in another schema may be the one that is called.
                if policy.catalog {
                    names.functions.insert(self.0);
                }
                Ok(())
            }
        }
    }
}

/// What the catalog is asked about one query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Names {
    /// Called functions that the owner of the database did not vouch for.
    pub functions: BTreeSet<Vec<String>>,
    /// Tables and views that are read.
    pub relations: BTreeSet<Vec<String>>,
    /// Types that are cast to.
    pub types: BTreeSet<Vec<String>>,
    /// Names after a dot: `c.touch` calls `touch(c)` where there is no column of that name.
    pub attributes: BTreeSet<String>,
    /// Runs of operator characters; an operator's name is part of one.
    pub operators: BTreeSet<String>,
    /// Functions that the owner of the database vouched for, however they are reached.
    pub vouched: BTreeSet<String>,
}

impl Names {
    pub fn is_empty(&self) -> bool {
        self.functions.is_empty()
            && self.relations.is_empty()
            && self.types.is_empty()
            && self.attributes.is_empty()
            && self.operators.is_empty()
    }
}
