//! What the person keeps from pgagent: schemas, tables and columns by name.

/// Names such as `audit`, `hr.salary` or `*.*.email`, where `*` stands for any run of characters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Exclusions(Vec<Vec<String>>);

impl Exclusions {
    /// Patterns of one to three parts, separated by dots; more can name nothing.
    pub fn new<'a>(patterns: impl IntoIterator<Item = &'a str>) -> Self {
        let parts = |pattern: &str| {
            pattern
                .split('.')
                .map(|part| part.trim().trim_matches('"').to_lowercase())
                .collect()
        };
        Self(
            patterns
                .into_iter()
                .map(str::trim)
                .filter(|pattern| !pattern.is_empty())
                .map(parts)
                .collect(),
        )
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a table or its whole schema is excluded.
    pub fn has_table(&self, schema: &str, table: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.as_slice() {
            [a] => matches(a, schema),
            [a, b] => matches(a, schema) && matches(b, table),
            _ => false,
        })
    }

    /// Whether a column is excluded by itself.
    pub fn has_column(&self, schema: &str, table: &str, column: &str) -> bool {
        self.0.iter().any(|pattern| match pattern.as_slice() {
            [a, b, c] => matches(a, schema) && matches(b, table) && matches(c, column),
            _ => false,
        })
    }
}

fn matches(pattern: &str, name: &str) -> bool {
    let name = name.to_lowercase();
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| name.strip_prefix(first)) else {
        return false;
    };
    let Some((last, middle)) = parts
        .collect::<Vec<_>>()
        .split_last()
        .map(|(l, m)| (*l, m.to_vec()))
    else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_patterns_exclude() {
        let excluded = Exclusions::new(["audit", "hr.salary", "*.*.email", "tmp_*", ""]);
        assert!(excluded.has_table("audit", "x") && excluded.has_table("HR", "Salary"));
        assert!(excluded.has_table("tmp_1", "x") && !excluded.has_table("a_tmp_", "x"));
        assert!(!excluded.has_table("hr", "person"));
        assert!(excluded.has_column("hr", "person", "Email"));
        assert!(!excluded.has_column("hr", "person", "email2"));
    }

    #[test]
    fn a_star_stands_for_any_run() {
        for (pattern, name, expected) in [
            ("*", "", true),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
