//! Tables as text, Markdown, CSV (RFC 4180) and JSON.

use std::io::{self, Write};

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, TableStyle};
use unicode_width::UnicodeWidthStr;

use super::{Look, clean, number};
use crate::config::Format;
use crate::db::{Cell, Table};

/// The least columns in which a cut text still tells something.
const LEAST_WIDTH: usize = 8;
/// Characters of a cell that are worth looking at in a table; the other forms have all of them.
const MOST_CHARACTERS: usize = 1_000;

/// A table in the given form.
pub fn table(out: &mut dyn Write, table: &Table, format: Format, look: &Look) -> io::Result<()> {
    match format {
        Format::Table => grid(out, table, look),
        Format::Markdown => markdown(out, table),
        Format::Csv => csv(out, table, look),
        Format::Json => super::to_json(out, &super::json::TableJson(table)),
    }
}

fn shown(cell: Cell<'_>) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        cell => clean(&cell.to_string()),
    }
}

/// A cell on one line.
fn in_line(cell: Cell<'_>, grouped: bool) -> String {
    match cell {
        cell if grouped && cell != Cell::Null => number::grouped(cell),
        Cell::Null => "null".to_owned(),
        Cell::Text(text) => clean(
            text.get(..text.floor_char_boundary(MOST_CHARACTERS))
                .unwrap_or(text),
        )
        .replace(['\n', '\t'], " "),
        cell => cell.to_string(),
    }
}

/// Fitted to the terminal, one line a row; where that would leave too little of each column, a row's
/// values stand below each other.
fn grid(out: &mut dyn Write, table: &Table, look: &Look) -> io::Result<()> {
    let grouped = grouped(table, look);
    let header = table.infos().map(|c| in_line(Cell::Text(&c.name), false));
    let mut lines: Vec<Vec<String>> = vec![header.collect()];
    lines.extend((0..table.row_count()).map(|row| {
        let cells = table.row(row).zip(&grouped);
        cells
            .map(|(cell, grouped)| in_line(cell, *grouped))
            .collect()
    }));
    if let Some(width) = look.width {
        let mut widths = vec![0; table.columns().len()];
        for line in &lines {
            for (most, text) in widths.iter_mut().zip(line) {
                *most = text.width().max(*most);
            }
        }
        let Some(room) = room(&widths, table, width) else {
            return on_its_side(out, table, look);
        };
        for line in &mut lines {
            for (text, room) in line.iter_mut().zip(&room) {
                // No character takes more columns than bytes.
                if text.len() > *room && text.width() > *room {
                    *text = look.cut(text, *room);
                }
            }
        }
    }
    let mut grid = comfy_table::Table::new();
    let rule = LineStyle::none();
    let rule = if look.unicode {
        rule.fill('─').junction('─')
    } else {
        rule.fill('-').junction('-')
    };
    grid.load_style(TableStyle::new().header_separator(rule));
    let mut lines = lines.into_iter();
    grid.set_header(lines.next().unwrap_or_default());
    grid.add_rows(lines);
    for (i, column) in table.columns().iter().enumerate() {
        if column.is_numeric()
            && let Some(c) = grid.column_mut(i)
        {
            c.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in grid.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

/// How wide each column may be for all to fit `width`: numbers are never cut, and of the others the widest
/// give way first. Nothing where too little would be left of them.
fn room(widths: &[usize], table: &Table, width: usize) -> Option<Vec<usize>> {
    /// A space on either side, and one between two columns.
    const PADDING: usize = 3;
    let mut left = (width + 1).checked_sub(PADDING * widths.len())?;
    let mut room = widths.to_vec();
    let is_text = |i: &usize| !table.columns()[*i].is_numeric();
    let (mut texts, numbers): (Vec<usize>, Vec<usize>) = (0..widths.len()).partition(is_text);
    for i in numbers {
        left = left.checked_sub(widths[i])?;
    }
    texts.sort_by_key(|i| widths[*i]);
    for (n, i) in texts.iter().enumerate() {
        let share = left / (texts.len() - n);
        if share < LEAST_WIDTH.min(widths[*i]) {
            return None;
        }
        room[*i] = widths[*i].min(share);
        left -= room[*i];
    }
    Some(room)
}

/// The columns whose numbers are shown to a person in groups of digits; programs read them plain.
fn grouped(table: &Table, look: &Look) -> Vec<bool> {
    let columns = table.columns().iter();
    columns
        .map(|column| look.is_terminal() && number::is_grouped(column))
        .collect()
}

/// A row's values below each other.
fn on_its_side(out: &mut dyn Write, table: &Table, look: &Look) -> io::Result<()> {
    let mut grid = comfy_table::Table::new();
    grid.load_style(TableStyle::new());
    if let Some(width) = look.width {
        grid.set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(u16::try_from(width).unwrap_or(u16::MAX));
    }
    let grouped = grouped(table, look);
    for row in 0..table.row_count() {
        grid.add_row([format!("row {}", row + 1)]);
        let cells = table.row(row).zip(&grouped);
        for (info, (cell, grouped)) in table.infos().zip(cells) {
            let name = in_line(Cell::Text(&info.name), false);
            grid.add_row([name, in_line(cell, *grouped)]);
        }
    }
    for line in grid.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
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

/// RFC 4180; NULL is an empty field, an empty text a quoted one. Files and pipes get every character,
/// a terminal none that steers it.
fn csv(out: &mut dyn Write, table: &Table, look: &Look) -> io::Result<()> {
    let field = |text: &str, quote_empty: bool| {
        let cleaned = look.is_terminal().then(|| clean(text));
        let text = cleaned.as_deref().unwrap_or(text);
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
