//! Who owns a file, as the repository's `CODEOWNERS` says.
//!
//! Patterns are those of GitHub's documentation ("About code owners"): like `.gitignore`, without `!` and `[ ]`, and `docs/*` means the
//! files of `docs` alone. The last pattern that matches wins; with GitLab's sections, the last of each section. Lines that are neither are
//! skipped, as the hosts do.

use std::collections::BTreeMap;

use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use crate::text::path::RepoPath;
use crate::text::snapshot::Snapshot;

/// Where the file may be. The first that is there counts.
const PLACES: [&str; 4] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"];

/// The owners of a repository's files.
#[derive(Default, Debug)]
pub struct Owners {
    globs: GlobSet,
    /// For each glob, the entry that it belongs to.
    entries: Vec<Entry>,
}

#[derive(Clone, Debug)]
struct Entry {
    section: usize,
    owners: Vec<String>,
}

impl Owners {
    /// Reads a snapshot's file; `None` where there is none, or it cannot be read.
    pub fn of(snapshot: &Snapshot) -> Option<Self> {
        let file = PLACES.iter().find_map(|place| snapshot.file(&RepoPath::new(place)?))?;
        Some(Self::read(&snapshot.read(file).ok()?))
    }

    /// Reads the text of a file.
    fn read(bytes: &[u8]) -> Self {
        let mut globs = GlobSetBuilder::new();
        let mut entries: Vec<Entry> = Vec::new();
        let mut sections: Vec<String> = vec![String::new()];
        let mut section = Section::default();
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        for line in bytes.split(|&byte| byte == b'\n').filter_map(|line| std::str::from_utf8(line).ok()).map(str::trim) {
            if let Some((name, owners)) = header(line) {
                // A section that is opened again goes on.
                let at = sections.iter().position(|known| *known == name).unwrap_or(sections.len());
                if at == sections.len() {
                    sections.push(name);
                }
                section = Section { at, owners };
                continue;
            }
            let Some((pattern, owners)) = entry(line) else { continue };
            let Some(made) = pattern_globs(&pattern) else { continue };
            let owners = if owners.is_empty() { section.owners.clone() } else { owners };
            for glob in made {
                globs.add(glob);
                entries.push(Entry { section: section.at, owners: owners.clone() });
            }
        }
        globs.build().map(|globs| Self { globs, entries }).unwrap_or_default()
    }

    /// The owners of the file at a path, as they are written; nobody where the last pattern names none.
    pub fn owners(&self, path: &RepoPath) -> Vec<&str> {
        let mut last: BTreeMap<usize, usize> = BTreeMap::new();
        for at in self.globs.matches(path.to_os()) {
            let last = last.entry(self.entries[at].section).or_insert(at);
            *last = at.max(*last);
        }
        let mut owners: Vec<&str> = Vec::new();
        for owner in last.into_values().flat_map(|at| &self.entries[at].owners) {
            if !owners.contains(&owner.as_str()) {
                owners.push(owner);
            }
        }
        owners
    }
}

/// The section of the lines that follow.
#[derive(Default)]
struct Section {
    at: usize,
    /// Who owns what its patterns name without an owner.
    owners: Vec<String>,
}

/// The name, in small letters, and the owners of a section's header: `[Name]`, `^[Name][2] @owner`.
fn header(line: &str) -> Option<(String, Vec<String>)> {
    let (name, rest) = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?.split_once(']')?;
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((count, rest)) if count.bytes().all(|byte| byte.is_ascii_digit()) => rest,
        _ => rest,
    };
    let owners = words(rest)?;
    (rest.is_empty() || rest.starts_with(char::is_whitespace)).then(|| (name.trim().to_lowercase(), owners))
}

/// The pattern and the owners of a line; `None` for one that is empty, a comment, or no sound line.
fn entry(line: &str) -> Option<(String, Vec<String>)> {
    if line.is_empty() || line.starts_with(['#', '!', '[', '^']) {
        return None;
    }
    let mut is_escaped = false;
    let end = line.find(|c: char| {
        let is_end = c.is_whitespace() && !is_escaped;
        is_escaped = c == '\\' && !is_escaped;
        is_end
    });
    let (pattern, rest) = line.split_at(end.unwrap_or(line.len()));
    Some((pattern.to_owned(), words(rest)?))
}

/// The owners up to a comment; `None` where one is neither a name with `@` nor a mail address.
fn words(text: &str) -> Option<Vec<String>> {
    let words: Vec<String> = text.split_whitespace().take_while(|word| !word.starts_with('#')).map(str::to_owned).collect();
    let is_owner = |word: &String| word.find('@').is_some_and(|at| at + 1 < word.len());
    words.iter().all(is_owner).then_some(words)
}

/// The globs of a pattern: of the files that it names, and of those in the folders that it names.
fn pattern_globs(pattern: &str) -> Option<Vec<Glob>> {
    let inner = pattern.trim_matches('/');
    if inner.is_empty() {
        return None;
    }
    let is_anchored = pattern.starts_with('/') || inner.contains('/');
    let start = if is_anchored { "" } else { "**/" };
    let glob = format!("{start}{}", translated(inner)?);
    // The files of one folder alone.
    let is_flat = pattern.ends_with("/*");
    let names = (!pattern.ends_with('/')).then(|| glob.clone());
    let below = (!is_flat).then(|| format!("{glob}/**"));
    names.into_iter().chain(below).map(|glob| GlobBuilder::new(&glob).literal_separator(true).build().ok()).collect()
}

/// A pattern as a glob: `*`, `**` and `?` mean the same, what is escaped is itself. `None` for one with `[ ]`, which means nothing here.
fn translated(pattern: &str) -> Option<String> {
    let mut glob = String::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' | '?' => glob.push(c),
            '[' | ']' => return None,
            '\\' => glob.push_str(&globset::escape(chars.next()?.encode_utf8(&mut [0; 4]))),
            c => glob.push_str(&globset::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    Some(glob)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::snapshot::Memory;

    fn owners(text: &str, path: &str) -> String {
        Owners::read(text.as_bytes()).owners(&RepoPath::new(path).unwrap()).join(" ")
    }

    #[test]
    fn the_last_pattern_that_matches_wins() {
        let text = "* @all\n*.py @py @org/team\n/build/ ops@example.com # who builds\n/build/logs/\n";
        for (path, wanted) in [
            ("readme.md", "@all"),
            ("a/b.py", "@py @org/team"),
            ("build/a/b.py", "ops@example.com"),
            ("build/logs/a.py", ""),
            ("a/build/b.md", "@all"),
        ] {
            assert_eq!(owners(text, path), wanted, "{path}");
        }
    }

    #[test]
    fn patterns_mean_what_they_mean_to_git() {
        for (pattern, path, is_match) in [
            ("docs/*", "docs/a.md", true),
            ("docs/*", "docs/a/b.md", false),
            ("docs/*", "x/docs/a.md", false),
            ("docs/", "docs/a/b.md", true),
            ("docs/", "x/docs/b.md", true),
            ("docs/", "x/docs", false),
            ("/docs/", "x/docs/b.md", false),
            ("/docs", "docs/a/b.md", true),
            ("app/core", "app/core/a.py", true),
            ("app/core", "x/app/core/a.py", false),
            ("**/logs", "a/b/logs/c.txt", true),
            ("a/**/z.py", "a/z.py", true),
            ("a/**/z.py", "a/b/c/z.py", true),
            ("a/**", "a/b/c.py", true),
            ("*.py", "a/b.pyi", false),
            ("t?st.py", "a/test.py", true),
            ("a\\ b/c.py", "a b/c.py", true),
            ("a\\ b/", "a b/c/d.py", true),
            ("a\\*.py", "a*.py", true),
            ("a\\*.py", "ab.py", false),
            ("web/\\[id\\]/", "web/[id]/page.tsx", true),
            ("web/\\[id\\]/", "web/i/page.tsx", false),
            ("docs/**", "docs/a/b.md", true),
            ("docs/**/*", "docs/a/b.md", true),
            ("docs/**", "x/docs/a.md", false),
            ("*/", "a/b.md", true),
            ("*/", "a.md", false),
            ("/*", "a.md", true),
            ("/*", "a/b.md", false),
            ("/*/", "a/b/c.md", true),
            ("docs/*/", "docs/a/b.md", true),
            ("docs/*/", "docs/b.md", false),
            ("a/*/c", "a/b/c/d.py", true),
            ("a/*/c", "a/b/x/c", false),
            ("{a,b}.py", "{a,b}.py", true),
            ("{a,b}.py", "a.py", false),
            ("Docs/", "docs/a.md", false),
            ("*", "a/b/c", true),
        ] {
            let found = owners(&format!("{pattern} @x"), path);
            assert_eq!(found == "@x", is_match, "{pattern} and {path}");
        }
    }

    #[test]
    fn odd_lines_are_skipped() {
        let odd = "\u{feff}* @all\r\n\r\n# *.py @comment\n!a.py @not\n[ab].py @range\na[b].py @range\n*.py not-an-owner\n\
                   *.py @\n/ @root\n\\\n";
        assert_eq!(owners(odd, "a.py"), "@all");
        assert_eq!(owners(odd, "ab.py"), "@all");
        assert_eq!(Owners::read(b"* @all\n\xff* @odd\n").owners(&RepoPath::new("a").unwrap()), ["@all"]);
        assert_eq!(owners("", "a.py"), "");
    }

    #[test]
    fn sections_have_owners_of_their_own() {
        let text = "* @all\n[Backend][2] @back\n*.py\nlib/ @lib\n^[Docs]\n*.md @docs\n[backend]\napp/ @app\n";
        for (path, wanted) in [
            ("a.py", "@all @back"),
            ("lib/a.py", "@all @lib"),
            ("app/a.py", "@all @app"),
            ("a.md", "@all @docs"),
            ("a.c", "@all"),
        ] {
            assert_eq!(owners(text, path), wanted, "{path}");
        }
    }

    #[test]
    fn the_first_place_counts() {
        let both = [("docs/CODEOWNERS", "* @docs"), ("CODEOWNERS", "* @root"), ("a.py", "")];
        let found = Owners::of(&Memory::snapshot(both)).unwrap();
        assert_eq!(found.owners(&RepoPath::new("a.py").unwrap()), ["@root"]);
        assert!(Owners::of(&Memory::snapshot([("a.py", "")])).is_none());
    }
}
