//! `--chart`: rows as a chart, in the terminal or a file.

use super::{note, output, save};
use crate::cli::ChartArg;
use crate::config::Config;
use crate::db::Table;
use crate::error::{Error, Result};
use crate::render::{self, Look};

pub fn show(config: &Config, chart: &ChartArg, title: &str, table: Option<&Table>) -> Result<()> {
    match chart {
        // A text that was not needed as one: /chart bars.pdf
        ChartArg::Text(other) => Err(Error::usage(format!("`{other}` is no kind of chart"))
            .with_hint("charts are written to files that end in .html, .svg or .png")),
        ChartArg::Terminal => {
            let mut text = b"\n".to_vec();
            render::chart(&mut text, table, &Look::of_stdout(config.color_of_stdout))?;
            output(|out| out.write_all(&text))
        }
        ChartArg::File(path) => {
            let mut bytes = Vec::new();
            render::chart_file(&mut bytes, path, title, table)?;
            save::write(path, |out| out.write_all(&bytes))?;
            note(format!("chart written to {}", path.display()));
            Ok(())
        }
    }
}
