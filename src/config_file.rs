//! `pgagent.toml` in the project's folder and `config.toml` in the platform's configuration folder, with
//! profiles. A key is a variable's name without `PGAGENT_`, in lower case.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

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
            match std::fs::read_to_string(&path) {
                Ok(text) => sections.push(parse(&path, &text)?),
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

/// A value as one writes it: text, a number, a switch, or a list of texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Number(i64),
    Fraction(f64),
    Switch(bool),
    List(Vec<String>),
}

impl Written {
    fn into_text(self) -> String {
        match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
            Self::Fraction(number) => number.to_string(),
            Self::Switch(on) => on.to_string(),
            Self::List(items) => items.join(","),
        }
    }
}

fn parse(path: &Path, text: &str) -> Result<Section> {
    let wrong = |message: &str, at: Option<usize>| {
        // The parser's own report quotes the line, and with it perhaps a password.
        let place = at.map_or_else(String::new, |at| {
            let before = &text[..text.floor_char_boundary(at)];
            let line = before.matches('\n').count() + 1;
            let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
            format!(", line {line}, column {column}")
        });
        Error::usage(format!("`{}`{place}: {message}", path.display()))
            .with_hint("the README lists what may stand there")
    };
    let table: toml::Table =
        toml::from_str(text).map_err(|e| wrong(e.message(), e.span().map(|span| span.start)))?;
    let at = |key: &str| text.find(key);
    let read = |key: &str, value: toml::Value| -> Result<(&'static str, String)> {
        let Some((_, name)) = KEYS.iter().find(|(known, _)| *known == key) else {
            return Err(wrong(&format!("there is no setting `{key}`"), at(key)));
        };
        let value: Written = value.try_into().map_err(|_| {
            wrong(
                &format!("`{key}` wants a text, a number, true or false, or a list of texts"),
                at(key),
            )
        })?;
        Ok((*name, value.into_text()))
    };
    let mut section = Section::default();
    for (key, value) in table {
        match value {
            toml::Value::Table(profiles) if key == "profiles" => {
                for (name, profile) in profiles {
                    let toml::Value::Table(profile) = profile else {
                        return Err(wrong(
                            &format!("the profile `{name}` is no section"),
                            at(&name),
                        ));
                    };
                    let values: Result<Values> = profile
                        .into_iter()
                        .map(|(key, value)| read(&key, value))
                        .collect();
                    section.profiles.insert(name, values?);
                }
            }
            value => {
                let (name, value) = read(&key, value)?;
                section.values.insert(name, value);
            }
        }
    }
    Ok(section)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Section> {
        parse(Path::new("pgagent.toml"), text)
    }

    #[test]
    fn profiles_stand_beside_the_rest() {
        let text = "model = \"gpt-4o\"\nschema_tokens = 4000\nallow_functions = [\"f\", \"g\"]\n\
                    [profiles.prod]\ndatabase_url = \"postgres://prod/x\"\nweb_search = true\n";
        let settings = Settings::merge(vec![read(text).unwrap()], Some("prod"), None).unwrap();
        for (name, value) in [
            ("PGAGENT_MODEL", "gpt-4o"),
            ("PGAGENT_SCHEMA_TOKENS", "4000"),
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
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
