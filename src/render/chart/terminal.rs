//! Charts of characters, by ratatui's widgets.

use std::fmt::Write as _;
use std::io::{self, Write};

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::style::{Color, Style};
use ratatui_core::symbols::{Marker, bar};
use ratatui_core::text::Line;
use ratatui_core::widgets::Widget;
use ratatui_widgets::barchart::{Bar, BarChart};
use ratatui_widgets::chart::{Axis, Chart as Plot, Dataset, GraphType};
use unicode_width::UnicodeWidthStr;

use super::{Chart, Kind, Series};
use crate::db::Table;
use crate::error::{Error, Result};
use crate::render::Look;

/// Bars that are still taken in at a glance.
const MOST_BARS: usize = 40;
const PLOT_HEIGHT: u16 = 18;
/// Labels give way to their bars beyond this.
const LABEL_WIDTH: usize = 30;
const STYLE: Style = Style::new().fg(Color::Cyan);

/// Draws the rows.
///
/// # Errors
/// When there is nothing to draw, with the reason.
pub fn draw(out: &mut dyn Write, table: Option<&Table>, look: &Look) -> Result<()> {
    let chart = Chart::of(table)?;
    let width = u16::try_from(look.width.unwrap_or(80)).unwrap_or(u16::MAX);
    let (title, buffer) = match (chart.kind, chart.series.as_slice()) {
        (Kind::Bar, [measure, ..]) => bars(&chart.labels, measure, width, look),
        (Kind::Histogram, [measure, ..]) => {
            let (labels, counts) = bins(measure);
            bars(&labels, &counts, width, look)
        }
        (Kind::Scatter, [x, y, ..]) => {
            let points = x.values.iter().zip(&y.values);
            let points = points.filter_map(|(x, y)| Some(((*x)?, (*y)?))).collect();
            (
                format!("{} over {}", y.name, x.name),
                plot(vec![points], None, GraphType::Scatter, width),
            )
        }
        (_, series) => {
            let names: Vec<&str> = series.iter().map(|s| s.name.as_str()).collect();
            let lines = series.iter().map(|s| {
                let points = s.values.iter().enumerate();
                points
                    .filter_map(|(i, y)| Some((i as f64, (*y)?)))
                    .collect()
            });
            (
                names.join(", "),
                plot(lines.collect(), Some(&chart.labels), GraphType::Line, width),
            )
        }
    };
    writeln!(out, "{title}")
        .and_then(|()| print(out, &buffer, look))
        .map_err(|e| {
            Error::failed(format!("cannot write the chart: {e}"))
                .with_hint("check that there is room for it")
        })
}

fn bars(labels: &[String], measure: &Series, width: u16, look: &Look) -> (String, Buffer) {
    let shown = labels.len().min(MOST_BARS);
    let most = measure
        .values
        .iter()
        .flatten()
        .fold(0.0_f64, |a, b| a.max(*b));
    let values = &measure.values[..shown];
    // The points of all stand below each other.
    let fraction = values.iter().flatten().any(|v| v.fract() != 0.0);
    let texts: Vec<String> = values
        .iter()
        .map(|value| match value {
            Some(value) if fraction && value.fract() == 0.0 && value.abs() < 1e15 => {
                format!("{value:.2}")
            }
            value => written(*value),
        })
        .collect();
    let value_width = texts.iter().map(|t| t.width()).max().unwrap_or(0);
    let label_width = labels[..shown]
        .iter()
        .map(|l| l.width())
        .max()
        .unwrap_or(0)
        .min(LABEL_WIDTH);
    let bars: Vec<Bar<'_>> = (0..shown)
        .map(|i| {
            let label = look.cut(&labels[i], label_width);
            let pad = " ".repeat(label_width.saturating_sub(label.width()));
            let line = format!("{label}{pad} {:>value_width$}", texts[i]);
            // Eighths of a column are drawn; this is finer than any of them.
            let length =
                (measure.values[i].unwrap_or(0.0).max(0.0) / most.max(f64::MIN_POSITIVE)) * 1e6;
            Bar::with_label(Line::from(line), length as u64).text_value("")
        })
        .collect();
    let mut buffer = Buffer::empty(Rect::new(
        0,
        0,
        width,
        u16::try_from(shown).unwrap_or(u16::MAX),
    ));
    let mut chart = BarChart::horizontal(bars)
        .bar_width(1)
        .bar_gap(0)
        .max(1_000_000)
        .bar_style(STYLE);
    if !look.unicode {
        chart = chart.bar_set(bar::Set {
            full: "#",
            seven_eighths: "#",
            three_quarters: "#",
            five_eighths: "#",
            half: "#",
            three_eighths: " ",
            one_quarter: " ",
            one_eighth: " ",
            empty: " ",
        });
    }
    chart.render(buffer.area, &mut buffer);
    let mut title = measure.name.clone();
    if shown < labels.len() {
        let _ = write!(title, " (the first {shown} of {})", labels.len());
    }
    (title, buffer)
}

/// Counts by bins of equal width, as many as Sturges' rule says.
fn bins(measure: &Series) -> (Vec<String>, Series) {
    let values: Vec<f64> = measure.values.iter().copied().flatten().collect();
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let count = if least < most {
        (values.len() as f64).log2().ceil() as usize + 1
    } else {
        1
    };
    let width = (most - least) / count as f64;
    let mut counts = vec![0_u64; count];
    for value in &values {
        let bin = if width > 0.0 {
            ((value - least) / width) as usize
        } else {
            0
        };
        counts[bin.min(count - 1)] += 1;
    }
    let edge = |i: usize| written(Some(least + width * i as f64));
    let labels = (0..count).map(|i| format!("{} to {}", edge(i), edge(i + 1)));
    (
        labels.collect(),
        Series {
            name: format!("rows by {}", measure.name),
            values: counts.into_iter().map(|n| Some(n as f64)).collect(),
        },
    )
}

fn plot(
    lines: Vec<Vec<(f64, f64)>>,
    labels: Option<&[String]>,
    form: GraphType,
    width: u16,
) -> Buffer {
    let all = || lines.iter().flatten();
    let bounds = |values: &mut dyn Iterator<Item = f64>| {
        let (least, most) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| {
            (a.min(v), b.max(v))
        });
        if least < most {
            [least, most]
        } else {
            [least - 0.5, most + 0.5]
        }
    };
    let x = bounds(&mut all().map(|p| p.0));
    let y = bounds(&mut all().map(|p| p.1));
    let ends = |[least, most]: [f64; 2]| {
        [least, f64::midpoint(least, most), most].map(|v| written(Some(v)))
    };
    let x_labels = match labels {
        Some([only]) => vec![only.clone()],
        Some(labels) if !labels.is_empty() => {
            let last = labels.len() - 1;
            [0, last / 2, last].map(|i| labels[i].clone()).to_vec()
        }
        _ => ends(x).to_vec(),
    };
    let colors = [Color::Cyan, Color::Yellow, Color::Magenta, Color::Green];
    let datasets = lines
        .iter()
        .zip(colors.into_iter().cycle())
        .map(|(points, color)| {
            Dataset::default()
                .marker(Marker::Braille)
                .graph_type(form)
                .style(Style::new().fg(color))
                .data(points)
        });
    let chart = Plot::new(datasets.collect())
        .x_axis(Axis::default().bounds(x).labels(x_labels))
        .y_axis(Axis::default().bounds(y).labels(ends(y)));
    let mut buffer = Buffer::empty(Rect::new(0, 0, width, PLOT_HEIGHT));
    chart.render(buffer.area, &mut buffer);
    buffer
}

/// A number without digits that nobody reads in a chart.
fn written(value: Option<f64>) -> String {
    let Some(value) = value else {
        return "null".to_owned();
    };
    if value.abs() >= 1e15 || (value != 0.0 && value.abs() < 1e-4) {
        format!("{value:.2e}")
    } else if value.fract() == 0.0 {
        format!("{value:.0}")
    } else if value.abs() < 1.0 {
        format!("{value:.4}")
    } else {
        format!("{value:.2}")
    }
}

fn print(out: &mut dyn Write, buffer: &Buffer, look: &Look) -> io::Result<()> {
    let columns = usize::from(buffer.area.width).max(1);
    for row in buffer.content.chunks(columns) {
        let mut line = String::new();
        let mut color = Color::Reset;
        // The cell after a wide character is its other half.
        let mut skip = false;
        for cell in row {
            if std::mem::take(&mut skip) {
                continue;
            }
            if look.color && cell.fg != color && cell.symbol() != " " {
                color = cell.fg;
                line.push_str(match color {
                    Color::Cyan => "\x1b[36m",
                    Color::Yellow => "\x1b[33m",
                    Color::Magenta => "\x1b[35m",
                    Color::Green => "\x1b[32m",
                    _ => "\x1b[0m",
                });
            }
            let symbol = cell.symbol();
            skip = symbol.width() > 1;
            match symbol.chars().next() {
                Some('│') if !look.unicode => line.push('|'),
                Some('─') if !look.unicode => line.push('-'),
                Some('└') if !look.unicode => line.push('+'),
                Some('\u{2800}') if !look.unicode => line.push(' '),
                Some('\u{2801}'..='\u{28ff}') if !look.unicode => line.push('*'),
                _ => line.push_str(symbol),
            }
        }
        let end = if color == Color::Reset { "" } else { "\x1b[0m" };
        writeln!(out, "{}{end}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::{Column, ColumnInfo, Values};

    fn table(names: &[&str], amounts: &[i64]) -> Table {
        let info = |name: &str, type_name: &str| ColumnInfo {
            name: name.into(),
            type_name: type_name.into(),
        };
        Table::new(
            vec![
                Column {
                    info: info("name", "text"),
                    values: Values::Text(names.iter().map(|n| Some((*n).into())).collect()),
                },
                Column {
                    info: info("amount", "bigint"),
                    values: Values::Int(amounts.iter().copied().map(Some).collect()),
                },
            ],
            false,
        )
    }

    fn drawn(table: &Table, look: &Look) -> String {
        let mut out = Vec::new();
        draw(&mut out, Some(table), look).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let look = Look {
            width: Some(30),
            color: false,
            unicode: false,
        };
        assert_eq!(
            drawn(&table(&["Ada", "Björn", "東京"], &[20, 10, -5]), &look),
            "amount\nAda   20 #####################\nBjörn 10 ##########\n東京  -5\n"
        );
    }

    #[test]
    fn bins_hold_every_value() {
        let series = Series {
            name: "x".into(),
            values: [1.0, 1.5, 2.0, 9.0].map(Some).to_vec(),
        };
        let (labels, counts) = bins(&series);
        assert_eq!(labels, ["1 to 3.67", "3.67 to 6.33", "6.33 to 9"]);
        assert_eq!(counts.values, [Some(3.0), Some(0.0), Some(1.0)]);
    }
}
