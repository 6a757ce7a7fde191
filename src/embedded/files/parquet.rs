//! Parquet: the types stand in the file.

use std::fs::File;

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::record::reader::RowIter;
use parquet::schema::types::Type;

use super::copy::CopyText;
use super::name::Names;
use super::source::Source;
use super::{Column, Rows};
use crate::error::Result;

pub struct Parquet {
    rows: RowIter<'static>,
    readings: Vec<Reading>,
    source: Source,
}

/// How a column's values become text, where their own form is not it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    AsItIs,
    /// Nanoseconds since 1970.
    Nanoseconds,
    Json,
}

impl Parquet {
    pub fn open(source: Source) -> Result<(Vec<Column>, Self)> {
        let file: File = source.seekable().map_err(|e| source.problem(None, e))?;
        let reader = SerializedFileReader::new(file).map_err(|e| {
            source
                .problem(None, format!("the Parquet file cannot be read: {e}"))
                .with_hint("it may be cut off; copy or make it again")
        })?;
        let schema = reader
            .metadata()
            .file_metadata()
            .schema_descr()
            .root_schema_ptr();
        let mut names = Names::default();
        let mut columns = Vec::new();
        let mut readings = Vec::new();
        for (i, field) in schema.get_fields().iter().enumerate() {
            let (sql_type, reading) = sql_type(field);
            let mut column = Column::new(names.column(field.name(), i + 1), field.name());
            column.sql_type = sql_type;
            columns.push(column);
            readings.push(reading);
        }
        let rows = RowIter::from_file_into(Box::new(reader));
        Ok((
            columns,
            Self {
                rows,
                readings,
                source,
            },
        ))
    }
}

impl Rows for Parquet {
    fn next(&mut self, out: &mut CopyText) -> Result<bool> {
        let Some(row) = self.rows.next() else {
            return Ok(false);
        };
        let row = row.map_err(|e| self.source.problem(None, e))?;
        for ((_, field), reading) in row.get_column_iter().zip(&self.readings) {
            write(field, *reading, out);
        }
        out.end_row();
        Ok(true)
    }
}

fn sql_type(field: &Type) -> (String, Reading) {
    let info = field.get_basic_info();
    let repeated =
        info.has_repetition() && info.repetition() == parquet::basic::Repetition::REPEATED;
    if field.is_group() || repeated {
        return ("jsonb".to_owned(), Reading::Json);
    }
    let timestamp = |utc: bool| if utc { "timestamptz" } else { "timestamp" };
    let name = match (info.logical_type_ref(), info.converted_type()) {
        (Some(LogicalType::Timestamp(timestamps)), _) => {
            let reading = match timestamps.unit {
                TimeUnit::NANOS => Reading::Nanoseconds,
                _ => Reading::AsItIs,
            };
            let sql_type = timestamp(timestamps.is_adjusted_to_u_t_c);
            return (sql_type.to_owned(), reading);
        }
        (_, ConvertedType::DECIMAL) => return (decimal(field), Reading::AsItIs),
        (_, ConvertedType::UTF8 | ConvertedType::ENUM) => "text",
        (_, ConvertedType::JSON) => "jsonb",
        (_, ConvertedType::DATE) => "date",
        (_, ConvertedType::TIME_MILLIS | ConvertedType::TIME_MICROS) => "time",
        (_, ConvertedType::TIMESTAMP_MILLIS | ConvertedType::TIMESTAMP_MICROS) => timestamp(true),
        (_, ConvertedType::INT_8 | ConvertedType::INT_16 | ConvertedType::UINT_8) => "smallint",
        (_, ConvertedType::UINT_16) => "integer",
        (_, ConvertedType::UINT_32) => "bigint",
        (_, ConvertedType::UINT_64) => "numeric",
        (Some(LogicalType::Float16), _) => "real",
        _ => match field.get_physical_type() {
            Physical::BOOLEAN => "boolean",
            Physical::INT32 => "integer",
            Physical::INT64 => "bigint",
            Physical::INT96 => "timestamp",
            Physical::FLOAT => "real",
            Physical::DOUBLE => "double precision",
            // Old writers do not say that their strings are strings.
            Physical::BYTE_ARRAY | Physical::FIXED_LEN_BYTE_ARRAY => "text",
        },
    };
    (name.to_owned(), Reading::AsItIs)
}

fn decimal(field: &Type) -> String {
    match field {
        Type::PrimitiveType {
            scale, precision, ..
        } if *precision > 0 => {
            format!("numeric({precision},{scale})")
        }
        _ => "numeric".to_owned(),
    }
}

fn write(field: &Field, reading: Reading, out: &mut CopyText) {
    match field {
        Field::Null => out.field(None),
        _ if reading == Reading::Json => out.field(Some(&field.to_json_value().to_string())),
        Field::Long(nanoseconds) if reading == Reading::Nanoseconds => {
            // Postgres counts in microseconds.
            out.display(Field::TimestampMicros(nanoseconds.div_euclid(1_000)));
        }
        Field::Str(text) => out.field(Some(text)),
        Field::Bytes(bytes) => match std::str::from_utf8(bytes.data()) {
            Ok(text) => out.field(Some(text)),
            Err(_) => out.field(Some(&hex(bytes.data()))),
        },
        // Rust's own shortest form that reads back as the same number.
        Field::Float(number) => out.display(number),
        Field::Double(number) => out.display(number),
        Field::Float16(number) => out.display(number),
        other => out.display(other),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::from("\\x"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
