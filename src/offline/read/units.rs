//! Numbers with a unit, and the column that a number without one is of.

use super::super::lexicon::ColumnId;
use super::super::pieces::Piece;
use super::super::query::{Condition, Output};
use super::super::words::stem;
use super::reader::{Reader, Step};

impl Reader<'_> {
    /// "170 minutes": only where the column says that it holds minutes.
    pub(super) fn measured_in(&mut self, unit: &str) -> Step<()> {
        let conditions = match self.lacks.and_then(|at| self.conditions.get(at)) {
            Some(Condition::Lacks(_, inner) | Condition::Rows(_, _, _, inner))
                if !inner.is_empty() =>
            {
                inner
            }
            _ => &self.conditions,
        };
        let Some(Condition::Compare(c, ..) | Condition::Between(c, ..)) = conditions.last() else {
            return Err("a unit of nothing that is known");
        };
        if self.holds(*c, unit) {
            return Ok(());
        }
        Err("a unit that the column does not speak of")
    }

    /// Whether a column may hold numbers of that unit.
    fn holds(&self, c: ColumnId, unit: &str) -> bool {
        const MONEY: &[&str] = &[
            "amount", "budget", "cost", "fee", "fare", "price", "revenue", "salary", "total",
            "wage", "income", "balance", "payment", "spend", "worth",
        ];
        const LENGTH: &[&str] = &[
            "height",
            "elevation",
            "altitude",
            "length",
            "distance",
            "depth",
            "width",
            "range",
        ];
        let column = self.lexicon.column(c);
        let told = |word: &str| {
            let word = stem(word);
            column
                .words
                .iter()
                .chain(&column.comment)
                .any(|w| *w == word)
        };
        // What unit is meant is seldom said; a column that names another one is another matter.
        let of = |words: &[&str], units: &[&str]| {
            column
                .words
                .iter()
                .any(|w| words.iter().any(|x| *w == stem(x)))
                && !units.iter().any(|u| told(u))
        };
        told(unit)
            || match unit {
                "year" => column.words.iter().any(|w| w == "age"),
                "dollar" | "euro" => of(MONEY, &[]),
                "meter" | "feet" | "km" | "mile" | "cm" | "inch" => of(
                    LENGTH,
                    &["meter", "feet", "km", "mile", "cm", "inch", "mi", "ft", "m"],
                ),
                "kg" | "pound" | "ton" | "gram" => {
                    of(&["weight", "mass"], &["kg", "pound", "lb", "ton", "gram"])
                }
                "square" => of(&["area", "size"], &[]),
                "percent" => of(&["percentage", "percent", "rate", "share"], &[]),
                _ => false,
            }
    }

    /// The one column that a comparison without any speaks of: the one that holds the unit that follows, the
    /// number that is shown, or the table's one amount.
    pub(super) fn implied(&self, owner: usize) -> Option<ColumnId> {
        let only = |found: Vec<ColumnId>| match found.as_slice() {
            [only] => Some(*only),
            _ => None,
        };
        let number = |id: &ColumnId| self.lexicon.column(*id).is_number();
        if let Some(Piece::Measured(unit)) = self.peek() {
            let own = 0..self.lexicon.tables[owner].columns.len();
            let own = own.map(|column| ColumnId {
                table: owner,
                column,
            });
            return only(
                own.filter(|id| number(id) && self.holds(*id, unit))
                    .collect(),
            );
        }
        let shown = self.outputs.iter().filter_map(|o| match o {
            Output::Column(c) => Some(*c),
            _ => None,
        });
        only(shown.filter(number).collect()).or_else(|| self.additive(owner))
    }
}
