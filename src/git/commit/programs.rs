//! The programs that git would run at a commit: hooks and signers. This layer says which and how; it cannot run them itself. Only
//! commands that make commits hand in somebody who can, so that nothing else ever runs a program.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// A program to be run.
#[derive(Debug)]
pub struct Call<'c> {
    /// What it is called in messages.
    pub name: &'c str,
    /// The program: a path, or a name to be looked up.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The folder to run it in.
    pub folder: &'c Path,
    /// Variables that are set.
    pub variables: Vec<(&'static str, OsString)>,
    /// What it reads; nothing where this is empty.
    pub input: &'c [u8],
    /// Whether it is a hook: all that it says goes to the standard error, and is shown also where it ends well.
    pub is_hook: bool,
}

/// What a program said.
#[derive(Debug)]
pub struct Said {
    /// Whether it ended well.
    pub is_good: bool,
    /// How it ended, in words: `exit code 1`.
    pub end: String,
    /// Its standard output; that of a hook is part of its standard error.
    pub out: Vec<u8>,
    /// Its standard error.
    pub err: Vec<u8>,
    /// The end of its standard error, without what a terminal would obey; nothing where the user has seen it already.
    pub shown: String,
}

/// Somebody who runs programs.
pub trait Programs {
    /// Runs a program to its end.
    ///
    /// # Errors
    /// It cannot be started.
    fn run(&self, call: &Call<'_>) -> io::Result<Said>;
}

/// The variables with which git tells programs where a repository is. None of those that the tool itself was given go on to a program.
pub const OF_A_REPOSITORY: [&str; 10] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_SHALLOW_FILE",
    "GIT_INTERNAL_SUPER_PREFIX",
];

/// Splits a command line as git does for programs in its configuration: at blanks, with quotes and `\`, without a shell. `None` where
/// a quote is not closed.
pub(super) fn split(line: &str) -> Option<Vec<String>> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match (c, quote) {
            (c, None) if c.is_ascii_whitespace() => words.extend(word.take()),
            ('"' | '\'', None) => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (c, Some(open)) if c == open => quote = None,
            ('\\', open) if open != Some('\'') => word.get_or_insert_default().push(chars.next()?),
            (c, _) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    quote.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn command_lines_are_split_as_git_does() {
        for (line, wanted) in [
            ("ssh-add -L", vec!["ssh-add", "-L"]),
            ("  a  'b c' d\\ e \"f \\\" g\" '' ", vec!["a", "b c", "d e", "f \" g", ""]),
            ("a'b'c", vec!["abc"]),
        ] {
            assert_eq!(split(line).unwrap(), wanted, "{line}");
        }
        assert_eq!((split("a 'b"), split("a\\")), (None, None));
    }
}
