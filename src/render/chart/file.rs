//! Charts as SVG, HTML and PNG.

use std::io::Write;
use std::path::Path;

use charts_rs::{BarChart, HistogramChart, LineChart, ScatterChart, svg_to_png};
use serde_json::{Value, json};

use super::{Chart, Kind, Series};
use crate::db::Table;
use crate::error::{Error, Result};

/// Categories on one axis; more would not be read.
const MOST_CATEGORIES: usize = 500;

/// The bytes of a chart in the form that `path` ends with: `.svg`, `.html` or `.png`.
///
/// # Errors
/// Another ending, or nothing to draw.
pub fn write(out: &mut dyn Write, path: &Path, title: &str, table: Option<&Table>) -> Result<()> {
    let form = path
        .extension()
        .and_then(|e| e.to_str())
        .unwrap_or_default();
    if !["svg", "html", "png"].contains(&form) {
        return Err(
            Error::usage(format!("`{}` is no kind of chart", path.display()))
                .with_hint("charts are written to files that end in .html, .svg or .png"),
        );
    }
    let svg = svg(&Chart::of(table)?, title).map_err(|e| failed(&e))?;
    let bytes = match form {
        "png" => svg_to_png(&svg).map_err(|e| failed(&e))?,
        "html" => format!(
            "<!doctype html>\n<meta charset=\"utf-8\">\n<title>{}</title>\n{svg}\n",
            escaped(title)
        )
        .into_bytes(),
        _ => svg.into_bytes(),
    };
    out.write_all(&bytes).map_err(|e| failed(&e))
}

fn failed(error: &dyn std::fmt::Display) -> Error {
    Error::failed(format!("the chart cannot be drawn: {error}"))
        .with_hint("draw fewer rows or other columns")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn svg(chart: &Chart, title: &str) -> charts_rs::Result<String> {
    let shown = chart.labels.len().min(MOST_CATEGORIES);
    let series = |data: &dyn Fn(&Series) -> Vec<Value>| -> Vec<Value> {
        let series = chart.series.iter().take(6);
        series
            .map(|s| json!({ "name": s.name, "data": data(s) }))
            .collect()
    };
    let values = |s: &Series| s.values[..shown].iter().map(|v| json!(v)).collect();
    let mut options = json!({
        "width": 960, "height": 540, "title_text": title, "title_margin": 10,
        "series_list": [], "tooltip_show": true,
    });
    match chart.kind {
        Kind::Bar | Kind::Line => {
            options["x_axis_data"] = json!(chart.labels[..shown]);
            options["series_list"] = json!(series(&values));
            let options = options.to_string();
            if chart.kind == Kind::Bar {
                BarChart::from_json(&options)?.svg()
            } else {
                LineChart::from_json(&options)?.svg()
            }
        }
        Kind::Histogram => {
            let known = |s: &Series| s.values.iter().flatten().map(|v| json!(v)).collect();
            options["series_list"] = json!(series(&known));
            HistogramChart::from_json(&options.to_string())?.svg()
        }
        Kind::Scatter => {
            let [x, y, ..] = chart.series.as_slice() else {
                return BarChart::from_json(&options.to_string())?.svg();
            };
            let points = x.values.iter().zip(&y.values);
            let points = points.filter_map(|(x, y)| Some([(*x)?, (*y)?]));
            options["series_list"] =
                json!([{ "name": y.name, "data": points.flatten().collect::<Vec<f64>>() }]);
            options["x_axis_title"] = json!(x.name);
            ScatterChart::from_json(&options.to_string())?.svg()
        }
    }
}
