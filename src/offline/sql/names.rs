//! Columns that would be called alike in the result, told apart by their tables.

use super::super::lexicon::Lexicon;
use super::super::query::{Output, Query};
use super::tree::Select;

/// Names the columns of `select`, which was built from `query`, apart.
pub fn told_apart(lexicon: &Lexicon, query: &Query, mut select: Select) -> Select {
    let name = |output: &Output| match output {
        Output::Column(c) => Some(lexicon.column(*c).name.clone()),
        _ => None,
    };
    let names: Vec<Option<String>> = query.outputs.iter().map(name).collect();
    for (at, output) in query.outputs.iter().enumerate() {
        let Output::Column(c) = output else { continue };
        let alike = names.iter().filter(|other| **other == names[at]).count();
        if alike > 1
            && let Some((_, alias)) = select.columns.get_mut(at)
        {
            let table = &lexicon.tables[c.table].name;
            *alias = Some(format!("{table}_{}", lexicon.column(*c).name));
        }
    }
    select
}
