//! Changes as a patch that `git apply` accepts: renames, deletions, new files and modes included.

use std::fmt::Write;
use std::time::Duration;

use similar::{Algorithm, TextDiff};

use crate::plan::delta::{Content, FileDelta};
use crate::text::path::RepoPath;

/// How many unchanged lines stand around a change.
const CONTEXT: usize = 3;
/// How long one file's shortest diff is looked for before a longer one will do.
const DEADLINE: Duration = Duration::from_secs(2);

/// Renders changes. The patch is bytes: it holds whatever the files hold.
pub fn render(files: &[FileDelta]) -> Vec<u8> {
    let mut out = Vec::new();
    for file in files {
        render_file(&mut out, file);
    }
    out
}

fn render_file(out: &mut Vec<u8>, file: &FileDelta) {
    let old_path = file.moved_from.as_ref().unwrap_or(&file.path);
    let same = file.before.as_ref().map(|content| content.blob) == file.after.as_ref().map(|content| content.blob);
    let same_mode = file.before.as_ref().map(|content| content.mode) == file.after.as_ref().map(|content| content.mode);
    if same && same_mode && file.moved_from.is_none() {
        return;
    }
    let mut head = format!("diff --git {} {}\n", name("a/", old_path), name("b/", &file.path));
    // Writing to a string cannot fail.
    let _ = match (&file.before, &file.after) {
        (None, Some(after)) => writeln!(head, "new file mode {}", after.mode.octal()),
        (Some(before), None) => writeln!(head, "deleted file mode {}", before.mode.octal()),
        (Some(before), Some(after)) if before.mode != after.mode => {
            writeln!(head, "old mode {}\nnew mode {}", before.mode.octal(), after.mode.octal())
        }
        _ => Ok(()),
    };
    if let Some(old) = &file.moved_from {
        let _ = writeln!(head, "rename from {}\nrename to {}", name("", old), name("", &file.path));
    }
    if !same {
        let id = |content: &Option<Content>| content.as_ref().map_or("0".repeat(40), |content| content.blob.to_string());
        let mode = match (&file.before, &file.after) {
            (Some(before), Some(after)) if before.mode == after.mode => format!(" {}", after.mode.octal()),
            _ => String::new(),
        };
        let _ = writeln!(head, "index {}..{}{mode}", id(&file.before), id(&file.after));
    }
    out.extend_from_slice(head.as_bytes());
    if !same {
        hunks(out, file, old_path);
    }
}

fn hunks(out: &mut Vec<u8>, file: &FileDelta, old_path: &RepoPath) {
    let bytes = |content: &Option<Content>| content.as_ref().map(|content| content.bytes.to_vec()).unwrap_or_default();
    let (before, after) = (bytes(&file.before), bytes(&file.after));
    let (before, after) = (lines(&before), lines(&after));
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).timeout(DEADLINE).diff_slices(&before, &after);
    let groups = diff.grouped_ops(CONTEXT);
    if groups.is_empty() {
        return;
    }
    let old = file.before.as_ref().map_or_else(|| "/dev/null".to_owned(), |_| ended(name("a/", old_path)));
    let new = file.after.as_ref().map_or_else(|| "/dev/null".to_owned(), |_| ended(name("b/", &file.path)));
    out.extend_from_slice(format!("--- {old}\n+++ {new}\n").as_bytes());
    for group in groups {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let old = range(first.old_range().start, last.old_range().end);
        let new = range(first.new_range().start, last.new_range().end);
        out.extend_from_slice(format!("@@ -{old} +{new} @@\n").as_bytes());
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            out.extend_from_slice(change.tag().to_string().as_bytes());
            let line: &[u8] = change.value();
            out.extend_from_slice(line);
            if !line.ends_with(b"\n") {
                out.extend_from_slice(b"\n\\ No newline at end of file\n");
            }
        }
    }
}

/// The lines of a file as git and `patch` see them: only LF ends one.
fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|&byte| byte == b'\n').collect()
}

/// The lines of a hunk as git counts them: from 1, and the line before for an empty range.
fn range(start: usize, end: usize) -> String {
    match end - start {
        0 => format!("{start},0"),
        1 => format!("{}", start + 1),
        length => format!("{},{length}", start + 1),
    }
}

/// The path with its prefix, quoted where git quotes it.
fn name(prefix: &str, path: &RepoPath) -> String {
    let shown = path.to_string();
    match shown.strip_prefix('"') {
        Some(quoted) => format!("\"{prefix}{quoted}"),
        None => format!("{prefix}{shown}"),
    }
}

/// A name with a blank in it is followed by a tab, as git does, so that `patch` knows where it ends.
fn ended(name: String) -> String {
    if name.contains(' ') && !name.starts_with('"') { name + "\t" } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::blob::{BlobId, Mode};

    fn content(text: &str) -> Option<Content> {
        Some(Content { blob: BlobId::of(text.as_bytes()), mode: Mode::Regular, bytes: text.as_bytes().into() })
    }

    fn delta(path: &str, before: Option<Content>, after: Option<Content>) -> FileDelta {
        FileDelta { path: RepoPath::new(path).unwrap(), moved_from: None, before, after }
    }

    fn shown(file: FileDelta) -> String {
        String::from_utf8(render(&[file])).unwrap()
    }

    #[test]
    fn a_file_without_a_line_end_at_its_end_is_marked() {
        let patch = shown(delta("a b.py", content("x\ny"), content("x\nz")));
        assert!(patch.ends_with("--- a/a b.py\t\n+++ b/a b.py\t\n@@ -1,2 +1,2 @@\n x\n-y\n\\ No newline at end of file\n+z\n\\ No newline at end of file\n"), "{patch}");
    }

    #[test]
    fn a_lone_carriage_return_ends_no_line() {
        let patch = shown(delta("cr.py", content("a\rb\rc\r"), content("a\rx\rc\r")));
        let hunk = "@@ -1 +1 @@\n-a\rb\rc\r\n\\ No newline at end of file\n+a\rx\rc\r\n\\ No newline at end of file\n";
        assert!(patch.ends_with(hunk), "{patch:?}");
    }

    #[test]
    fn new_deleted_and_moved_files_have_headers() {
        let made = shown(delta("n.py", None, content("x\n")));
        assert!(
            made.contains("new file mode 100644\n") && made.contains("--- /dev/null\n+++ b/n.py\n@@ -0,0 +1 @@\n+x\n"),
            "{made}"
        );
        let gone = shown(delta("g.py", content("x\n"), None));
        assert!(gone.contains("deleted file mode 100644\n") && gone.contains("+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"), "{gone}");
        let moved = FileDelta { moved_from: RepoPath::new("old.py"), ..delta("new.py", content("x\n"), content("x\n")) };
        assert_eq!(shown(moved), "diff --git a/old.py b/new.py\nrename from old.py\nrename to new.py\n");
        assert!(
            shown(delta("e.py", None, content("")))
                .ends_with("index 0000000000000000000000000000000000000000..e69de29bb2d1d6434b8b29ae775ad8c2e48c5391\n")
        );
    }
}
