//! Configuration files: where a dotted path stands in TOML, YAML, INI and JSON.
//!
//! Read line by line: what matters is whether a path is the whole of a value, and in which section. A path in a comment is none.

use std::cell::OnceCell;

use crate::lang::python::strings::is_path;
use crate::text::path::RepoPath;
use crate::text::span::Span;

/// A dotted path in a configuration file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DottedPath {
    /// The path, without quotes.
    pub span: Span,
    /// Where it stands.
    pub position: Position,
}

/// Where a dotted path stands.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Position {
    /// It is an object reference, which is looked up when it is used: `pkg.mod:name` (packaging guide, "Entry points
    /// specification").
    EntryPoint,
    /// It is the whole of a value; what reads the value is not known.
    Value,
    /// It is part of a longer text, or a key.
    Text,
}

/// A format of configuration files.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// TOML.
    Toml,
    /// YAML.
    Yaml,
    /// INI, as `configparser` reads it.
    Ini,
    /// JSON.
    Json,
}

impl Format {
    /// The format of a file, by its name.
    pub fn of(path: &RepoPath) -> Option<Self> {
        match path.extension()? {
            b"toml" => Some(Format::Toml),
            b"yaml" | b"yml" => Some(Format::Yaml),
            b"ini" | b"cfg" => Some(Format::Ini),
            b"json" => Some(Format::Json),
            _ => None,
        }
    }
}

/// The dotted paths of a text that are wanted, in order.
pub fn dotted_paths(format: Format, text: &str, is_wanted: &dyn Fn(&str) -> bool) -> Vec<DottedPath> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut lines = Lines::default();
    for line in text.split_inclusive('\n') {
        let line_text = line.trim_end_matches(['\n', '\r']);
        let quotes = Quotes::of(line_text);
        let code = without_comment(format, line_text, &quotes);
        let is_header = matches!(format, Format::Toml | Format::Ini) && code.starts_with('[');
        let is_text = lines.is_text(format, code);
        for (at, path) in paths(code).filter(|(_, path)| !is_header && is_wanted(path)) {
            let (before, behind) = (&code[..at], &code[at + path.len()..]);
            let is_text = is_text || (before.trim().is_empty() && !lines.can_start_with_value(format, before));
            if let Some(position) = position(format, before, path, behind, &quotes) {
                let position = if is_text { Position::Text } else { position };
                let at = (start + at) as u32;
                found.push(DottedPath { span: Span::new(at, at + path.len() as u32), position });
            }
        }
        lines.pass(code);
        start += line.len();
    }
    found
}

/// Whether a program of the format's could read the text. Nothing is known of YAML and INI.
pub fn is_readable(format: Format, text: &str) -> bool {
    match format {
        Format::Toml => text.parse::<toml::Table>().is_ok(),
        Format::Json => serde_json::from_str::<serde_json::Value>(text).is_ok(),
        Format::Yaml | Format::Ini => true,
    }
}

/// What the lines so far say of the next one.
#[derive(Default)]
struct Lines<'t> {
    /// The quotes that end the string of several lines that the line stands in (TOML).
    quotes: Option<&'t str>,
    /// The indentation of the line whose block of text the line may stand in (YAML).
    block: Option<usize>,
    /// The last line that is not blank.
    last: &'t str,
}

impl<'t> Lines<'t> {
    /// Whether the line, or a part of it, is text of several lines.
    fn is_text(&mut self, format: Format, line: &'t str) -> bool {
        match format {
            Format::Toml => self.is_quoted(line),
            Format::Yaml => self.is_block(line),
            Format::Ini | Format::Json => false,
        }
    }

    fn is_quoted(&mut self, line: &'t str) -> bool {
        let was_open = self.quotes.is_some();
        let mut rest = line;
        loop {
            let open = |quotes: &&str| rest.find(quotes).map(|at| (at, rest.get(at..at + 3)));
            let found = match self.quotes {
                Some(quotes) => open(&quotes),
                None => ["\"\"\"", "'''"].iter().filter_map(open).min(),
            };
            let Some((at, quotes)) = found else { return was_open || self.quotes.is_some() };
            self.quotes = if self.quotes.is_some() { None } else { quotes };
            rest = &rest[at + 3..];
        }
    }

    fn is_block(&mut self, line: &'t str) -> bool {
        let code = line.trim();
        let indent = line.len() - line.trim_start().len();
        if self.block.is_some_and(|block| code.is_empty() || indent > block) {
            return true;
        }
        let header = code.trim_end_matches(|c: char| matches!(c, '+' | '-') || c.is_ascii_digit());
        let opens = header.strip_suffix(['|', '>']).is_some_and(|before| before.ends_with(' '));
        self.block = opens.then_some(indent);
        false
    }

    /// Whether a value can stand at the beginning of a line, behind this much blank.
    fn can_start_with_value(&self, format: Format, blank: &str) -> bool {
        match format {
            // What is not indented is a key.
            Format::Ini => !blank.is_empty(),
            // Anything else goes on with the text of the line before.
            Format::Yaml => self.last.ends_with([':', '-', ',', '[']),
            Format::Toml | Format::Json => true,
        }
    }

    fn pass(&mut self, line: &'t str) {
        if !line.trim().is_empty() {
            self.last = line.trim_end();
        }
    }
}

/// The line up to its comment.
fn without_comment<'t>(format: Format, line: &'t str, quotes: &Quotes<'_>) -> &'t str {
    let starts = |at: usize| line[..at].is_empty() || line[..at].ends_with([' ', '\t']);
    let marks: &[char] = match format {
        Format::Toml | Format::Yaml => &['#'],
        Format::Ini => &['#', ';'],
        Format::Json => &[],
    };
    let comment = line.match_indices(marks).find(|(at, _)| starts(*at) && !quotes.are_open(*at));
    comment.map_or(line, |(at, _)| &line[..at])
}

/// The quotes of a line. They are looked for once: a line may be a whole file with thousands of paths.
struct Quotes<'t> {
    line: &'t str,
    places: OnceCell<[Vec<usize>; 2]>,
}

impl<'t> Quotes<'t> {
    fn of(line: &'t str) -> Self {
        Self { line, places: OnceCell::new() }
    }

    /// Whether a line's beginning leads into a quoted text.
    fn are_open(&self, at: usize) -> bool {
        let places = |quote| self.line.match_indices(quote).map(|(at, _)| at).collect();
        let places = self.places.get_or_init(|| [places('"'), places('\'')]);
        places.iter().any(|places| places.partition_point(|place| *place < at) % 2 == 1)
    }
}

/// The dotted paths of a line, each with its offset.
fn paths(line: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_part = |c: char| c == '_' || c == '.' || c == ':' || unicode_ident::is_xid_continue(c);
    let mut rest = 0;
    let next = move || {
        let start = line[rest..].find(is_part).map(|at| rest + at)?;
        let end = line[start..].find(|c| !is_part(c)).map_or(line.len(), |length| start + length);
        rest = end;
        // A key's colon, and a full stop, do not belong to the path.
        let path = line[start..end].trim_end_matches(['.', ':']);
        // What a file system path or an option continues is no name of code.
        let is_joined = line[..start].ends_with(['/', '\\', '-', '@']) || line[end..].starts_with(['/', '\\', '-', '@']);
        Some((is_path(path) && !is_joined).then_some((start, path)))
    };
    std::iter::from_fn(next).flatten()
}

/// Where a path stands, by what surrounds it on its line; `None` for the key of a table.
fn position(format: Format, before: &str, path: &str, behind: &str, quotes: &Quotes<'_>) -> Option<Position> {
    let quote = before.chars().next_back().filter(|quote| matches!(quote, '"' | '\''));
    let is_whole = match quote {
        Some(quote) => {
            let is_inside = quotes.are_open(before.len() - 1);
            let Some(behind) = behind.strip_prefix(quote).filter(|_| !is_inside) else { return Some(Position::Text) };
            let is_key = behind.trim_start().starts_with([':', '=']);
            !is_key
        }
        None if quotes.are_open(before.len()) => false,
        None if matches!(format, Format::Toml | Format::Json) => return None,
        None => {
            let before = before.trim_end();
            let starts = before.is_empty() || before.ends_with([':', '=', '-', ',', '[']);
            let behind = behind.trim_start();
            starts && (behind.is_empty() || behind.starts_with([',', ']']))
        }
    };
    Some(match (is_whole, path.contains(':')) {
        (true, true) => Position::EntryPoint,
        (true, false) => Position::Value,
        (false, _) => Position::Text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(format: Format, text: &str) -> Vec<(&str, Position)> {
        dotted_paths(format, text, &|_| true).into_iter().map(|path| (&text[path.span.range()], path.position)).collect()
    }

    #[test]
    fn paths_are_found_where_values_stand() {
        use Position::*;
        let toml = "# see pkg.mod.X\n[project.scripts]\nrun = \"pkg.cli:main\" # pkg.mod.Y\n[tool.x]\nclass = 'pkg.mod.Handler'\n\
                    list = [\"pkg.a\", \"pkg.b\"]\ncommand = \"python -m pkg.mod --x\"\n\"pkg.key\" = 1\na.b = 2\nversion = \"1.2.3\"\n\
                    path = \"pkg/mod.py\"\n";
        let wanted = [
            ("pkg.cli:main", EntryPoint),
            ("pkg.mod.Handler", Value),
            ("pkg.a", Value),
            ("pkg.b", Value),
            ("pkg.mod", Text),
            ("pkg.key", Text),
        ];
        assert_eq!(found(Format::Toml, toml), wanted);
        let yaml = "handlers:\n  x:\n    class: pkg.mod.Handler\n    '()': 'pkg.mod.make'\n  run: uvicorn pkg.app:app --reload\nlist:\n\
                    - pkg.a # comment pkg.c\n- \"pkg.b:x\"\npkg.key: 1\nflow: [pkg.d, pkg.e]\n";
        let wanted = [
            ("pkg.mod.Handler", Value),
            ("pkg.mod.make", Value),
            ("pkg.app:app", Text),
            ("pkg.a", Value),
            ("pkg.b:x", EntryPoint),
            ("pkg.key", Text),
            ("pkg.d", Value),
            ("pkg.e", Value),
        ];
        assert_eq!(found(Format::Yaml, yaml), wanted);
        let ini = "[options.entry_points]\nconsole_scripts =\n    run = pkg.cli:main\n; pkg.mod.X\n[handler]\nclass=pkg.mod.Handler\n\
                   text = runs pkg.mod daily.\n";
        assert_eq!(found(Format::Ini, ini), [("pkg.cli:main", EntryPoint), ("pkg.mod.Handler", Value), ("pkg.mod", Text)]);
        let texts = "doc = \"\"\"\nuse\n'pkg.mod:X'\n\"\"\"\none = \"\"\"pkg.mod:X\"\"\"\nquoted = \"'pkg.mod:X'\"\n";
        assert_eq!(found(Format::Toml, texts), [("pkg.mod:X", Text), ("pkg.mod:X", EntryPoint), ("pkg.mod:X", Text)]);
        let texts = "a: |\n  run: pkg.a:X\n\n  pkg.b:X\nb:\n  pkg.c:X\nc: see\n  pkg.d:X\nd: [\n  pkg.e:X,\n  pkg.f:X]\ne: >-\n  pkg.g:X\n";
        let wanted = [
            ("pkg.a:X", Text),
            ("pkg.b:X", Text),
            ("pkg.c:X", EntryPoint),
            ("pkg.d:X", Text),
            ("pkg.e:X", EntryPoint),
            ("pkg.f:X", EntryPoint),
            ("pkg.g:X", Text),
        ];
        assert_eq!(found(Format::Yaml, texts), wanted);
        assert_eq!(found(Format::Ini, "[s]\npkg.a:X\nlist =\n  pkg.b:X\n"), [("pkg.a:X", Text), ("pkg.b:X", EntryPoint)]);
        let json = "{\"pkg.key\": \"pkg.mod.X\", \"a\": [\"pkg.b\", \"pkg.mod:X\", \"see pkg.c\"], \"url\": \"http://a.b/c\"}";
        let wanted = [("pkg.key", Text), ("pkg.mod.X", Value), ("pkg.b", Value), ("pkg.mod:X", EntryPoint), ("pkg.c", Text)];
        assert_eq!(found(Format::Json, json), wanted);
    }
}
