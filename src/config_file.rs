//! `pgagent.toml` in the project's folder and `config.toml` in the platform's configuration folder, with
//! profiles. A key is a variable's name without `PGAGENT_`, in lower case.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::config::env;
use crate::error::{Error, Result};

/// The keys and the variables that they stand for.
const KEYS: [(&str, &str); 30] = [
    ("database_url", "DATABASE_URL"),
    ("password_command", "PGAGENT_PASSWORD_COMMAND"),
    ("memory_url", "PGAGENT_MEMORY_URL"),
    ("redis_url", "REDIS_URL"),
    ("model", "PGAGENT_MODEL"),
    ("embedding_model", "PGAGENT_EMBEDDING_MODEL"),
    ("format", "PGAGENT_FORMAT"),
    ("schema_tokens", "PGAGENT_SCHEMA_TOKENS"),
    ("web_search", "PGAGENT_WEB_SEARCH"),
    ("web_search_url", "PGAGENT_WEB_SEARCH_URL"),
    ("brave_api_key", "BRAVE_API_KEY"),
    ("tavily_api_key", "TAVILY_API_KEY"),
    ("exclude", "PGAGENT_EXCLUDE"),
    ("allow_functions", "PGAGENT_ALLOW_FUNCTIONS"),
    ("max_cost", "PGAGENT_MAX_COST"),
    ("share", "PGAGENT_SHARE"),
    ("max_tokens", "PGAGENT_MAX_TOKENS"),
    ("max_usd", "PGAGENT_MAX_USD"),
    ("prices", "PGAGENT_PRICES"),
    ("require_readonly_role", "PGAGENT_REQUIRE_READONLY_ROLE"),
    ("gemini_api_key", "GEMINI_API_KEY"),
    ("gemini_api_key_command", "GEMINI_API_KEY_COMMAND"),
    ("gemini_base_url", "GOOGLE_GEMINI_BASE_URL"),
    ("openai_api_key", "OPENAI_API_KEY"),
    ("openai_api_key_command", "OPENAI_API_KEY_COMMAND"),
    ("openai_base_url", "OPENAI_BASE_URL"),
    ("anthropic_api_key", "ANTHROPIC_API_KEY"),
    ("anthropic_api_key_command", "ANTHROPIC_API_KEY_COMMAND"),
    ("anthropic_base_url", "ANTHROPIC_BASE_URL"),
    ("ollama_host", "OLLAMA_HOST"),
];

type Values = BTreeMap<&'static str, String>;

/// What is set outside the command line: a profile chosen there, then the environment, then the files.
#[derive(Debug, Default)]
pub struct Settings {
    chosen: Values,
    files: Values,
}

impl Settings {
    /// Reads the files. `profile` is what `--profile` says.
    ///
    /// # Errors
    /// A file that cannot be read or understood, with line and column; a profile that is in neither.
    pub fn load(profile: Option<&str>) -> Result<Self> {
        let mut paths: Vec<PathBuf> = directories::ProjectDirs::from("", "", "pgagent")
            .map(|folders| folders.config_dir().join("config.toml"))
            .into_iter()
            .collect();
        paths.push(PathBuf::from("pgagent.toml"));
        let mut sections = Vec::new();
        for path in paths {
            match std::fs::read(&path) {
                Ok(bytes) => sections.push(parse(&path, &bytes)?),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(
                        Error::usage(format!("cannot read `{}`: {error}", path.display()))
                            .with_hint("mend the file, or move it away"),
                    );
                }
            }
        }
        Self::merge(sections, profile, env("PGAGENT_PROFILE").as_deref())
    }

    /// Later sections win over earlier ones. A profile named by the environment ranks with the files.
    fn merge(sections: Vec<Section>, flag: Option<&str>, variable: Option<&str>) -> Result<Self> {
        let mut settings = Self::default();
        let mut profiles: BTreeMap<String, Values> = BTreeMap::new();
        for section in sections {
            settings.files.extend(section.values);
            for (name, values) in section.profiles {
                profiles.entry(name).or_default().extend(values);
            }
        }
        if let Some(name) = flag.or(variable) {
            let values = profiles.remove(name).ok_or_else(|| {
                let known: Vec<&str> = profiles.keys().map(String::as_str).collect();
                Error::usage(format!("there is no profile `{name}`")).with_hint(
                    match known.as_slice() {
                        [] => format!("write a section [profiles.{name}] into `pgagent.toml`"),
                        known => format!("there is {}", known.join(", ")),
                    },
                )
            })?;
            if flag.is_some() {
                settings.chosen = values;
            } else {
                settings.files.extend(values);
            }
        }
        Ok(settings)
    }

    /// A setting by its variable's name.
    pub fn get(&self, name: &str) -> Option<String> {
        self.chosen
            .get(name)
            .cloned()
            .or_else(|| env(name))
            .or_else(|| self.files.get(name).cloned())
    }
}

#[derive(Debug, Default, PartialEq)]
struct Section {
    values: Values,
    profiles: BTreeMap<String, Values>,
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Section> {
    let wrong = |message: &str, at: usize| {
        // The parser's own report quotes the line, and with it perhaps a password.
        let before = String::from_utf8_lossy(&bytes[..at.min(bytes.len())]);
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        let place = format!("line {line}, column {column}");
        Error::usage(format!("`{}`, {place}: {message}", path.display()))
            .with_hint("the README lists what may stand there")
    };
    let text =
        std::str::from_utf8(bytes).map_err(|e| wrong("this is no UTF-8 text", e.valid_up_to()))?;
    let table = DeTable::parse(text)
        .map_err(|e| wrong(e.message(), e.span().map_or(text.len(), |span| span.start)))?;
    let read = |values: &mut Values, key: &Spanned<DeString<'_>>, value: &DeValue<'_>| {
        let (name, at) = (key.get_ref().as_ref(), key.span().start);
        let Some((_, variable)) = KEYS.iter().find(|(known, _)| *known == name) else {
            return Err(wrong(&format!("there is no setting `{name}`"), at));
        };
        let value = written(value).ok_or_else(|| {
            let wants = "wants a text, a number, true or false, or a list of texts";
            wrong(&format!("`{name}` {wants}"), at)
        })?;
        values.insert(*variable, value);
        Ok(())
    };
    let mut section = Section::default();
    for (key, value) in table.get_ref() {
        match value.get_ref() {
            DeValue::Table(profiles) if key.get_ref() == "profiles" => {
                for (name, profile) in profiles {
                    let DeValue::Table(profile) = profile.get_ref() else {
                        let message = format!("the profile `{}` is no section", name.get_ref());
                        return Err(wrong(&message, name.span().start));
                    };
                    let values = section
                        .profiles
                        .entry(name.get_ref().to_string())
                        .or_default();
                    for (key, value) in profile {
                        read(values, key, value.get_ref())?;
                    }
                }
            }
            value => read(&mut section.values, key, value)?,
        }
    }
    Ok(section)
}

/// A value as one writes it: text, a number, a switch, or a list of texts.
fn written(value: &DeValue<'_>) -> Option<String> {
    Some(match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().to_owned(),
        DeValue::Float(number) => number.as_str().to_owned(),
        DeValue::Boolean(on) => on.to_string(),
        DeValue::Array(items) => {
            let texts = items.iter().map(|item| item.get_ref().as_str());
            texts.collect::<Option<Vec<_>>>()?.join(",")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: impl AsRef<[u8]>) -> Result<Section> {
        parse(Path::new("pgagent.toml"), text.as_ref())
    }

    #[test]
    fn profiles_stand_beside_the_rest() {
        let text = "model = \"gpt-4o\"\nschema_tokens = 4000\nmax_cost = 1e9\nallow_functions = [\"f\", \"g\"]\n\
                    [profiles.prod]\ndatabase_url = \"postgres://prod/x\"\nweb_search = true\n";
        let settings = Settings::merge(vec![read(text).unwrap()], Some("prod"), None).unwrap();
        for (name, value) in [
            ("PGAGENT_MODEL", "gpt-4o"),
            ("PGAGENT_SCHEMA_TOKENS", "4000"),
            ("PGAGENT_MAX_COST", "1e9"),
            ("PGAGENT_ALLOW_FUNCTIONS", "f,g"),
            ("DATABASE_URL", "postgres://prod/x"),
            ("PGAGENT_WEB_SEARCH", "true"),
        ] {
            assert_eq!(settings.get(name).as_deref(), Some(value), "{name}");
        }
        let unknown = Settings::merge(vec![read(text).unwrap()], None, Some("test")).unwrap_err();
        assert_eq!(unknown.hint(), Some("there is prod"));
    }

    #[test]
    fn a_damaged_file_is_told_by_line_and_column_and_never_quoted() {
        for (text, says) in [
            (
                "model = \"x\"\ndatabase_url = \"postgres://u:hunter2@h\n",
                "line 2, column",
            ),
            (
                "model = \"x\"\nmodell = \"y\"\n",
                "line 2, column 1: there is no setting `modell`",
            ),
            (
                "model = { a = 1 }\n",
                "line 1, column 1: `model` wants a text",
            ),
            (
                "# modell\nmodel = \"ü\"\n\n[profiles.prod]\n  modell = 1\n",
                "line 5, column 3: there is no setting `modell`",
            ),
            (
                "profiles = { prod = 1 }\n",
                "line 1, column 14: the profile `prod` is no section",
            ),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        let error = read(b"model = \"x\"\n# caf\xe9\n").unwrap_err().to_string();
        assert!(
            error.contains("line 2, column 6: this is no UTF-8 text"),
            "{error}"
        );
    }
}
