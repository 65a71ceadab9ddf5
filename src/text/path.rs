//! Paths of files inside the root: bytes, `/`-separated, relative, and never leading out of the root.
//!
//! Git stores file names as bytes, and real trees hold names that are not UTF-8, contain line breaks or terminal escape
//! sequences. A [`RepoPath`] therefore keeps the bytes and is escaped only when it is shown.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::plain;

/// A path relative to the root, such as `netra_backend/app/main.py`.
///
/// Invariant: at least one component; no component is empty, `.`, `..` or one that a file system may take for `.git`; no NUL byte.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<[u8]>);

impl RepoPath {
    /// Returns the path, or `None` where the bytes break the invariant.
    pub fn new(bytes: impl AsRef<[u8]>) -> Option<Self> {
        let bytes = bytes.as_ref();
        let is_foreign = cfg!(not(unix)) && bytes.iter().any(|byte| matches!(byte, b'\\' | b':'));
        let is_sound = |part: &[u8]| !matches!(part, b"" | b"." | b"..") && !is_dot_git(part);
        let sound = !bytes.contains(&0) && !is_foreign && bytes.split(|&byte| byte == b'/').all(is_sound);
        sound.then(|| Self(bytes.into()))
    }

    /// The path's bytes, as git stores them.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The path as text, where it is UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// The path's components, outermost first.
    pub fn components(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.0.split(|&byte| byte == b'/')
    }

    /// The last component.
    pub fn file_name(&self) -> &[u8] {
        self.components().next_back().unwrap_or_default()
    }

    /// The bytes before the last `/`; empty for a file in the root.
    pub fn parent(&self) -> &[u8] {
        match self.0.iter().rposition(|&byte| byte == b'/') {
            Some(at) => &self.0[..at],
            None => b"",
        }
    }

    /// The folders that the path lies in, from the top down.
    pub fn folders(&self) -> impl Iterator<Item = RepoPath> {
        let ends = self.0.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
        ends.filter_map(|end| RepoPath::new(&self.0[..end]))
    }

    /// The part of the file name after its last dot, without the dot.
    pub fn extension(&self) -> Option<&[u8]> {
        let name = self.file_name();
        let at = name.iter().rposition(|&byte| byte == b'.')?;
        (at > 0).then(|| &name[at + 1..])
    }

    /// Whether the path lies below the folder (given without a trailing `/`; the empty folder is the root).
    pub fn is_below(&self, folder: &[u8]) -> bool {
        folder.is_empty() || (self.0.len() > folder.len() && self.0.starts_with(folder) && self.0[folder.len()] == b'/')
    }

    /// The path as the operating system spells it, to be joined to the root.
    #[cfg(unix)]
    pub fn to_os(&self) -> PathBuf {
        use std::os::unix::ffi::OsStrExt;
        PathBuf::from(std::ffi::OsStr::from_bytes(&self.0))
    }

    /// The path as the operating system spells it, to be joined to the root.
    #[cfg(not(unix))]
    pub fn to_os(&self) -> PathBuf {
        PathBuf::from(String::from_utf8_lossy(&self.0).as_ref())
    }
}

/// Whether a file system may take a name for `.git`: in any case, with what NTFS leaves away or adds (blanks and dots at the end, a stream
/// behind a colon, the short name `git~1`), or with what HFS+ does not see. Git refuses the same (CVE-2014-9390, CVE-2019-1352).
fn is_dot_git(name: &[u8]) -> bool {
    // Most names are settled by their first byte: what can be left away before a `.git` is not ASCII.
    let is_far = |first: &u8| first.is_ascii() && !matches!(first, b'.' | b'g' | b'G');
    if name.first().is_some_and(is_far) && !name.contains(&b'\\') {
        return false;
    }
    // A backslash ends a name on Windows.
    name.split(|&byte| byte == b'\\').any(|name| {
        let stem = name.split(|&byte| byte == b':').next().unwrap_or_default();
        let end = stem.iter().rposition(|byte| !matches!(byte, b' ' | b'.')).map_or(0, |at| at + 1);
        let is_ntfs = [&b".git"[..], b"git~1"].iter().any(|git| stem[..end].eq_ignore_ascii_case(git));
        is_ntfs || std::str::from_utf8(name).is_ok_and(is_hfs_dot_git)
    })
}

/// The same as HFS+ compares names: without the characters that it ignores (Apple TN1150, "Case-Insensitive String Comparison").
fn is_hfs_dot_git(name: &str) -> bool {
    let is_ignored =
        |c: &char| matches!(c, '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}');
    name.chars().filter(|c| !is_ignored(c)).map(|c| c.to_ascii_lowercase()).eq(".git".chars())
}

/// Shows the path; one with active characters ([`plain::is_active`]), quotes or bytes that are not UTF-8 in git's C-style quoting
/// (`core.quotePath=false`), so that a file name can never move a terminal's cursor.
impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(text) if !text.chars().any(|c| plain::is_active(c) || c == '"' || c == '\\') => f.pad(text),
            _ => f.write_str(&self.quoted()),
        }
    }
}

impl RepoPath {
    /// The path in double quotes with C-style escapes, as git writes it into a patch.
    pub fn quoted(&self) -> String {
        let mut out = String::from("\"");
        for chunk in self.0.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '"' => out.push_str("\\\""),
                    '\\' => out.push_str("\\\\"),
                    '\n' => out.push_str("\\n"),
                    '\t' => out.push_str("\\t"),
                    '\r' => out.push_str("\\r"),
                    c if plain::is_active(c) => {
                        let mut buffer = [0; 4];
                        for byte in c.encode_utf8(&mut buffer).bytes() {
                            out.push_str(&format!("\\{byte:03o}"));
                        }
                    }
                    c => out.push(c),
                }
            }
            for byte in chunk.invalid() {
                out.push_str(&format!("\\{byte:03o}"));
            }
        }
        out.push('"');
        out
    }
}

impl RepoPath {
    /// The path as a text that [`RepoPath::from_text`] reads back: as it is, or in double quotes where it is not UTF-8 or starts
    /// with a quote.
    pub fn to_text(&self) -> String {
        match self.as_str() {
            Some(text) if !text.starts_with('"') => text.to_owned(),
            _ => self.quoted(),
        }
    }

    /// Reads what [`RepoPath::to_text`] wrote.
    pub fn from_text(text: &str) -> Option<Self> {
        let Some(quoted) = text.strip_prefix('"') else { return Self::new(text) };
        let mut bytes = Vec::new();
        let mut rest = quoted.strip_suffix('"')?.as_bytes();
        while let [byte, tail @ ..] = rest {
            rest = tail;
            if *byte != b'\\' {
                bytes.push(*byte);
                continue;
            }
            let (value, length) = match rest.first()? {
                b'n' => (b'\n', 1),
                b't' => (b'\t', 1),
                b'r' => (b'\r', 1),
                byte @ (b'"' | b'\\') => (*byte, 1),
                _ => (u8::from_str_radix(std::str::from_utf8(rest.get(..3)?).ok()?, 8).ok()?, 3),
            };
            bytes.push(value);
            rest = &rest[length..];
        }
        Self::new(bytes)
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_leads_out_of_the_root() {
        for bad in ["", "/a", "a/", "a//b", "../a", "a/../b", "./a", ".git/config", "a/.GIT/x", "a\0b"] {
            assert!(RepoPath::new(bad).is_none(), "{bad:?} was taken");
        }
        for good in ["a/..b/.github/c.py", ".gitignore", "git", "github", "git~10", ".git-x/a", "a/.gitmodules", "\u{200c}git"]
        {
            assert!(RepoPath::new(good).is_some(), "{good:?} was refused");
        }
    }

    #[test]
    fn gits_own_folder_is_known_in_every_spelling() {
        for bad in [
            ".Git/hooks/x",
            "a/.git",
            ".git./config",
            ".git /config",
            ".git. . /x",
            ".git::$INDEX_ALLOCATION/config",
            ".git:x",
            ".git\\config",
            "git~1/config",
            "a/GIT~1",
            ".g\u{200c}it/config",
            "\u{feff}.git/x",
            ".gi\u{200d}T/x",
        ] {
            assert!(RepoPath::new(bad).is_none(), "{bad:?} was taken");
        }
    }

    #[test]
    fn no_spelling_of_git_s_own_folder_is_a_path() {
        let windows =
            [".git. . ", ".git ", "git~1", "GIT~1. ", ".git::$INDEX_ALLOCATION", ".git:x", ".git\\config", "a\\.git\\x"];
        let macs = [".g\u{200c}it", "\u{feff}.GI\u{206f}T", ".git\u{200d}"];
        for bad in windows.into_iter().chain(macs) {
            assert!(RepoPath::new(bad).is_none() && RepoPath::new(format!("a/{bad}/hooks")).is_none(), "{bad:?} was taken");
        }
        for fine in [".gitignore", ".git-x", "git~2", "agit~1", ".git~1x", "x.git", ".gít", "a:.git", "..git", ".gitt. "] {
            assert!(RepoPath::new(fine).is_some(), "{fine:?} was not taken");
        }
    }

    #[test]
    fn odd_names_are_shown_escaped() {
        let shown = |bytes: &[u8]| RepoPath::new(bytes).map(|path| path.to_string());
        assert_eq!(shown(b"a b/c.py").as_deref(), Some("a b/c.py"));
        assert_eq!(shown(b"x\x1b[31m.py").as_deref(), Some(r#""x\033[31m.py""#));
        assert_eq!(shown(b"caf\xe9.py").as_deref(), Some(r#""caf\351.py""#));
        assert_eq!(shown("a\u{202e}yp.b".as_bytes()).as_deref(), Some(r#""a\342\200\256yp.b""#), "it turns the text around");
    }

    #[test]
    fn a_path_as_text_reads_back() {
        for bytes in [&b"a b/c.py"[..], b"caf\xe9.py", b"\"q\"\\\n\x1b.py", "é\u{f03a}.py".as_bytes(), b"\"\xff"] {
            let path = RepoPath::new(bytes).unwrap();
            assert_eq!(RepoPath::from_text(&path.to_text()), Some(path));
        }
        assert_eq!(RepoPath::from_text("\"\\9\""), None);
    }

    #[test]
    fn below_means_inside_the_folder() {
        let path = RepoPath::new("pkg/sub/m.py").unwrap();
        assert!(path.is_below(b"") && path.is_below(b"pkg") && path.is_below(b"pkg/sub"));
        assert!(!path.is_below(b"pk") && !path.is_below(b"pkg/sub/m.py"));
        assert_eq!((path.parent(), path.file_name(), path.extension()), (&b"pkg/sub"[..], &b"m.py"[..], Some(&b"py"[..])));
    }
}
