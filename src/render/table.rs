//! Tables as text, Markdown, CSV (RFC 4180) and JSON.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, presets};

use super::clean;
use crate::config::Format;
use crate::db::{Cell, Table};

/// A table in the given form.
pub fn table(out: &mut dyn Write, table: &Table, format: Format) -> io::Result<()> {
    match format {
        Format::Table => grid(out, table),
        Format::Markdown => markdown(out, table),
        Format::Csv => csv(out, table),
        Format::Json => {
            serde_json::to_writer(&mut *out, &super::json::TableJson(table))?;
            writeln!(out)
        }
    }
}

fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        cell => clean(&cell.to_string()),
    }
}

fn grid(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    let mut grid = comfy_table::Table::new();
    grid.load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic);
    grid.set_header(table.infos().map(|c| clean(&c.name)));
    for row in 0..table.row_count() {
        grid.add_row(table.row(row).map(shown));
    }
    for (i, column) in table.columns().iter().enumerate() {
        if column.is_numeric()
            && let Some(c) = grid.column_mut(i)
        {
            c.set_cell_alignment(CellAlignment::Right);
        }
    }
    writeln!(out, "{grid}")
}

fn markdown(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    let escape = |text: String| text.replace('|', "\\|").replace('\n', "<br>");
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    writeln!(
        out,
        "{}",
        line(table.infos().map(|c| escape(clean(&c.name))).collect())
    )?;
    let rule = |numeric: bool| if numeric { "---:" } else { "---" }.to_owned();
    writeln!(
        out,
        "{}",
        line(
            table
                .columns()
                .iter()
                .map(|c| rule(c.is_numeric()))
                .collect()
        )
    )?;
    for row in 0..table.row_count() {
        writeln!(
            out,
            "{}",
            line(table.row(row).map(|cell| escape(shown(cell))).collect())
        )?;
    }
    Ok(())
}

/// RFC 4180; NULL is an empty field, an empty text a quoted one.
fn csv(out: &mut dyn Write, table: &Table) -> io::Result<()> {
    let field = |text: &str, quote_empty: bool| {
        let quote = text.contains([',', '"', '\n', '\r']) || (quote_empty && text.is_empty());
        if quote {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    let header: Vec<String> = table.infos().map(|c| field(&c.name, true)).collect();
    write!(out, "{}\r\n", header.join(","))?;
    for row in 0..table.row_count() {
        let cells: Vec<String> = table
            .row(row)
            .map(|cell| field(&cell.to_string(), cell != Cell::Null))
            .collect();
        write!(out, "{}\r\n", cells.join(","))?;
    }
    Ok(())
}
