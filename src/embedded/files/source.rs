//! A file's bytes: what kind of file it is, decompressed, and text as UTF-8.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Write as _};
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use tempfile::TempPath;

use crate::error::{Error, Result};

/// The name that means standard input.
const STDIN: &str = "-";

/// What is read before deciding about encoding and form.
const SAMPLE: u64 = 1 << 20;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Csv,
    Json,
    Parquet,
}

/// A file that was looked into.
#[derive(Debug)]
pub struct Source {
    pub path: PathBuf,
    /// What came through a pipe: it is read several times.
    piped: Option<TempPath>,
    pub form: Form,
    /// Of the text, when it is text.
    pub encoding: &'static Encoding,
    /// The text's beginning.
    pub sample: String,
}

impl Source {
    /// # Errors
    /// The file cannot be read, or is none of the kinds that are read.
    pub fn open(path: &Path) -> Result<Self> {
        let unreadable = |e: &io::Error| {
            // Only what unpacks finds fault with bytes.
            let damaged = matches!(
                e.kind(),
                io::ErrorKind::UnexpectedEof
                    | io::ErrorKind::InvalidData
                    | io::ErrorKind::InvalidInput
            );
            Error::usage(format!(
                "`{}` cannot be read: {}",
                path.display(),
                reason(e)
            ))
            .with_hint(if damaged {
                "it may be cut off or damaged; copy or make it again"
            } else {
                "check the path given with `--file`"
            })
        };
        let piped = if path == Path::new(STDIN) {
            Some(kept(io::stdin()))
        } else {
            let metadata = std::fs::metadata(path).map_err(|e| unreadable(&e))?;
            if metadata.is_dir() {
                return Err(Error::usage(format!("`{}` is a folder", path.display()))
                    .with_hint("give each file with a `--file` of its own"));
            }
            (!metadata.is_file()).then(|| File::open(path).and_then(kept))
        };
        let piped = piped.transpose().map_err(|e| unreadable(&e))?;
        let named = path;
        let path = piped.as_deref().unwrap_or(named);
        let mut bytes = Vec::new();
        decompressed(path)
            .and_then(|reader| reader.take(SAMPLE).read_to_end(&mut bytes))
            .map_err(|e| unreadable(&e))?;
        let complete = (bytes.len() as u64) < SAMPLE;
        let mut source = Self {
            path: named.to_owned(),
            piped: None,
            form: Form::Parquet,
            encoding: encoding_rs::UTF_8,
            sample: String::new(),
        };
        if bytes.starts_with(b"PAR1") {
            source.piped = piped;
            return Ok(source);
        }
        if let Some((what, hint)) = foreign(named, &bytes) {
            return Err(Error::usage(format!("`{}` {what}", named.display())).with_hint(hint));
        }
        source.encoding = encoding(&bytes, complete);
        if source.encoding == encoding_rs::UTF_8 && !complete {
            source.encoding = utf8_or_else(path).map_err(|e| unreadable(&e))?;
        }
        if is_binary(&bytes, source.encoding) {
            return Err(Error::usage(format!(
                "`{}` is no text, and no Parquet file either",
                named.display()
            ))
            .with_hint("tables are read from CSV, Parquet and JSON lines, also as .gz and .zst"));
        }
        // Decoded like the rest will be, byte-order mark and all.
        decode(Cursor::new(bytes), source.encoding)
            .read_to_string(&mut source.sample)
            .map_err(|e| unreadable(&e))?;
        source.form = form(named, &source.sample);
        source.piped = piped;
        Ok(source)
    }

    /// What its table is called after.
    pub fn name(&self) -> &Path {
        match self.piped {
            Some(_) => Path::new("data"),
            None => &self.path,
        }
    }

    /// Where its bytes are.
    fn at(&self) -> &Path {
        self.piped.as_deref().unwrap_or(&self.path)
    }

    /// All of the file as UTF-8.
    pub fn text(&self) -> io::Result<impl Read + Send + use<>> {
        Ok(decode(decompressed(self.at())?, self.encoding))
    }

    /// All of the file, for what needs to jump in it.
    pub fn seekable(&self) -> io::Result<File> {
        let mut reader = decompressed(self.at())?;
        let file = File::open(self.at())?;
        let mut magic = [0; 4];
        if (&file).read_exact(&mut magic).is_ok() && &magic == b"PAR1" {
            return Ok(file);
        }
        let mut unpacked = tempfile::tempfile()?;
        io::copy(&mut reader, &mut unpacked)?;
        unpacked.flush()?;
        Ok(unpacked)
    }

    /// A problem with the file's content, at a line of it where that is known.
    pub fn problem(&self, line: Option<u64>, what: impl std::fmt::Display) -> Error {
        let at = line.map(|n| format!(", line {n}")).unwrap_or_default();
        Error::failed(format!("`{}`{at}: {what}", self.path.display()))
    }
}

/// All of a pipe, in a file that goes when it is dropped.
fn kept(mut pipe: impl Read) -> io::Result<TempPath> {
    let mut file = tempfile::Builder::new().prefix("pgagent-").tempfile()?;
    io::copy(&mut pipe, &mut file)?;
    file.flush()?;
    Ok(file.into_temp_path())
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// By what stands at its beginning, not by its name.
fn decompressed(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    let mut file = File::open(path)?;
    let mut magic = Vec::new();
    (&mut file).take(4).read_to_end(&mut magic)?;
    let whole = BufReader::with_capacity(1 << 16, Cursor::new(magic.clone()).chain(file));
    Ok(match magic.as_slice() {
        [0x1f, 0x8b, ..] => Box::new(flate2::read::MultiGzDecoder::new(whole)),
        [0x28, 0xb5, 0x2f, 0xfd] => Box::new(zstd::Decoder::with_buffer(whole)?),
        _ => Box::new(whole),
    })
}

fn decode<R: Read>(reader: R, encoding: &'static Encoding) -> impl Read + use<R> {
    DecodeReaderBytesBuilder::new()
        .encoding(Some(encoding))
        // A byte-order mark says more than any guess.
        .bom_override(true)
        .build(reader)
}

fn encoding(bytes: &[u8], complete: bool) -> &'static Encoding {
    if let Some((encoding, _)) = Encoding::for_bom(bytes) {
        return encoding;
    }
    // In UTF-16 every other byte of Latin text is zero.
    let zeros = |first: usize| {
        bytes
            .iter()
            .skip(first)
            .step_by(2)
            .take(500)
            .filter(|&&b| b == 0)
            .count()
    };
    let pairs = (bytes.len() / 2).min(500);
    if pairs > 1 && zeros(1) * 10 > pairs * 6 {
        return encoding_rs::UTF_16LE;
    }
    if pairs > 1 && zeros(0) * 10 > pairs * 6 {
        return encoding_rs::UTF_16BE;
    }
    match std::str::from_utf8(bytes) {
        Ok(_) => encoding_rs::UTF_8,
        // The sample may end within a character.
        Err(e) if e.error_len().is_none() && !complete => encoding_rs::UTF_8,
        Err(_) => guess(bytes),
    }
}

/// Whether there are more control characters at the beginning than a stray one.
fn is_binary(bytes: &[u8], encoding: &'static Encoding) -> bool {
    // Half of the bytes of UTF-16 are zero.
    if encoding == encoding_rs::UTF_16LE || encoding == encoding_rs::UTF_16BE {
        return false;
    }
    let start = &bytes[..bytes.len().min(1 << 12)];
    let controls = start
        .iter()
        .filter(|&&b| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r' | 0x0c | 0x1a..=0x1f))
        .count();
    controls > 1 && controls * 50 > start.len()
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(bytes, false);
    detector.guess(None, chardetng::Utf8Detection::Deny)
}

/// Looks at all of a long file: its first characters from beyond ASCII may come late.
fn utf8_or_else(path: &Path) -> io::Result<&'static Encoding> {
    let mut reader = decompressed(path)?;
    let mut chunk = Vec::new();
    loop {
        let read = (&mut reader).take(SAMPLE).read_to_end(&mut chunk)?;
        match std::str::from_utf8(&chunk) {
            Ok(_) => chunk.clear(),
            Err(e) if e.error_len().is_none() && read > 0 => {
                chunk.drain(..e.valid_up_to());
            }
            Err(_) => return Ok(guess(&chunk)),
        }
        if read == 0 {
            return Ok(encoding_rs::UTF_8);
        }
    }
}

/// JSON begins with a brace or bracket; everything else is separated values.
fn form(path: &Path, sample: &str) -> Form {
    let name = path.to_string_lossy().to_lowercase();
    let named_json = [".json", ".jsonl", ".ndjson"]
        .iter()
        .any(|e| name.contains(e));
    let named_csv = [".csv", ".tsv"].iter().any(|e| name.contains(e));
    match sample.trim_start().as_bytes() {
        _ if named_json => Form::Json,
        [b'{', ..] if !named_csv => Form::Json,
        _ => Form::Csv,
    }
}

/// What a file is that cannot be read here, and what to do about it.
fn foreign(path: &Path, bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    let named = |ending: &str| {
        path.extension()
            .is_some_and(|e| e.eq_ignore_ascii_case(ending))
    };
    Some(match bytes {
        _ if named("parquet") || named("pq") => (
            "is no Parquet file: it does not begin with PAR1",
            "check how it was made; CSV and JSON lines are read too, under names that say so",
        ),
        [b'P', b'K', 3, 4, ..] => (
            "is a zip archive or an Excel workbook",
            "unpack it, or save the sheet as CSV",
        ),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => ("is an old Excel workbook", "save the sheet as CSV"),
        _ if bytes.starts_with(b"SQLite format 3") => (
            "is a SQLite database",
            "export its tables as CSV: sqlite3 -csv -header FILE \"SELECT * FROM …\"",
        ),
        [b'B', b'Z', b'h', ..] | [0xfd, b'7', b'z', b'X', b'Z', ..] => (
            "is compressed in a way that is not read here",
            "unpack it, or compress it as .gz or .zst",
        ),
        _ if bytes.starts_with(b"ARROW1") => ("is an Arrow file", "save it as Parquet"),
        _ if bytes.starts_with(b"%PDF") => (
            "is a PDF",
            "tables are read from CSV, Parquet and JSON lines",
        ),
        [] => ("is empty", "a table needs a header at least"),
        _ => return None,
    })
}
