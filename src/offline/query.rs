//! What a question asks for, typed: [`Query`] is the reading, before any SQL.

use super::lexicon::ColumnId;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregate {
    Sum,
    Average,
    Minimum,
    Maximum,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    Year,
    Quarter,
    Month,
    Week,
    Day,
    Weekday,
    Hour,
}

/// A number computed over rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Measure {
    /// Rows of a table.
    Rows(usize),
    /// Different values of a column.
    Different(ColumnId),
    Of(Aggregate, ColumnId),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    Column(ColumnId),
    /// A date column by the units of the calendar.
    Bucket(Unit, ColumnId),
    Measure(Measure),
    /// How many of the entity's rows the conditions leave, in percent.
    Share,
    /// One number by another.
    Ratio(Box<(Query, Query)>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A point in time: a day, or so many units from the beginning of the present one.
#[derive(Debug, Clone, PartialEq)]
pub enum Moment {
    Day(String),
    /// The beginning of the unit that today is in, moved by so many of them.
    Start(Unit, i64),
    /// Today moved by so many units.
    Ago(Unit, i64),
}

/// From and until, until excluded.
#[derive(Debug, Clone, PartialEq)]
pub struct Period {
    pub from: Option<Moment>,
    pub until: Option<Moment>,
    /// For columns that hold a year as a number: the first and the last year.
    pub years: Option<(Option<i64>, Option<i64>)>,
    pub text: String,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    Compare(ColumnId, Operator, String),
    Between(ColumnId, String, String),
    /// One of several values.
    In(ColumnId, Vec<String>),
    NotIn(ColumnId, Vec<String>),
    Contains(ColumnId, String),
    /// Begins (true) or ends with.
    Affix(ColumnId, String, bool),
    True(ColumnId, bool),
    Missing(ColumnId, bool),
    During(ColumnId, Period),
    /// Above or below the average of all rows.
    Average(ColumnId, Operator),
    /// Is among the rows that have the extreme value, of those under the conditions on the same table.
    Extreme {
        table: usize,
        by: ColumnId,
        descending: bool,
        within: Vec<Condition>,
    },
    /// So many rows of another table, under these conditions, belong to it.
    Rows(usize, Operator, u64, Vec<Condition>),
    /// The row that this key of the table points to fulfils these conditions.
    Via(usize, usize, Vec<Condition>),
    /// A row of another table, under these conditions, belongs to it.
    Also(usize, Vec<Condition>),
    /// Rows of another table belong to it.
    Has(usize),
    /// No rows of another table, under these conditions, belong to it.
    Lacks(usize, Vec<Condition>),
}

impl Condition {
    /// The table that it speaks of.
    pub fn table(&self) -> usize {
        match self {
            Self::Compare(c, ..)
            | Self::Between(c, ..)
            | Self::In(c, _)
            | Self::NotIn(c, _)
            | Self::Contains(c, _)
            | Self::Affix(c, ..)
            | Self::True(c, _)
            | Self::Missing(c, _)
            | Self::During(c, _)
            | Self::Average(c, _) => c.table,
            Self::Extreme { table, .. }
            | Self::Rows(table, ..)
            | Self::Has(table)
            | Self::Via(table, ..)
            | Self::Also(table, _)
            | Self::Lacks(table, _) => *table,
        }
    }

    /// Whether it stands outside the join tree, in a subquery of its own.
    pub fn is_apart(&self) -> bool {
        matches!(self, Self::Rows(..) | Self::Lacks(..) | Self::Also(..))
    }
}

#[derive(Debug, Clone, PartialEq)]
pub enum Key {
    Column(ColumnId),
    Measure(Measure),
    Bucket(Unit, ColumnId),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Order {
    pub by: Key,
    pub descending: bool,
}

/// The reading of a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The rows that are looked at.
    pub entity: usize,
    pub outputs: Vec<Output>,
    /// Tables whose rows the result is grouped by, beside the plain outputs.
    pub group: Vec<usize>,
    pub conditions: Vec<Condition>,
    /// What the rows of a percentage are, among all that the conditions leave.
    pub part: Vec<Condition>,
    /// What a number over each group must be.
    pub having: Vec<(Measure, Operator, String)>,
    pub order: Vec<Order>,
    pub limit: Option<u64>,
    pub distinct: bool,
    /// Tables that the question names without asking anything of them.
    pub mentioned: Vec<usize>,
}

impl Query {
    pub fn measures(&self) -> impl Iterator<Item = &Measure> {
        let ordered = self.order.iter().filter_map(|o| match &o.by {
            Key::Measure(m) => Some(m),
            _ => None,
        });
        self.outputs
            .iter()
            .filter_map(|o| match o {
                Output::Measure(m) => Some(m),
                _ => None,
            })
            .chain(ordered)
            .chain(self.having.iter().map(|(measure, ..)| measure))
    }

    pub fn is_aggregated(&self) -> bool {
        self.measures().next().is_some()
    }
}
