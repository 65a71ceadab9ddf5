//! Files that are searched and never edited: tests of the migration itself, which an edit would make vacuous.
//!
//! Kinds may know of them and find something better than a fix. What they do not know of is held back here: a fix that changes such a
//! file, as a whole, and what depends on it.

use super::bonds::dependent;
use super::finding::{Evidence, Finding, Outcome, Reason};
use crate::text::change::FileChange;
use crate::text::path::RepoPath;

/// Leaves what is found in files that are listed, and fixes that cannot do without changing one.
pub(super) fn keep(mut findings: Vec<Finding>, is_listed: &dyn Fn(&RepoPath) -> bool) -> Vec<Finding> {
    let is_kept = |finding: &Finding| is_listed(&finding.place.path) || changed(finding, is_listed).is_some();
    let held: Vec<Finding> = findings.extract_if(.., |finding| is_kept(finding)).collect();
    if held.is_empty() {
        return findings;
    }
    let dependent = dependent(&held, &mut findings);
    // Where a finding outside depends on a file that is listed, it says on which.
    let first = held.iter().find_map(|finding| changed(finding, is_listed).cloned());
    for mut finding in held.into_iter().chain(dependent) {
        if finding.outcome == Outcome::Left(Reason::Unparsable) {
            findings.push(finding);
            continue;
        }
        if !is_listed(&finding.place.path) {
            let path = changed(&finding, is_listed).cloned().or_else(|| first.clone());
            let text = path.map_or(String::new(), |path| format!("{path} is to stay"));
            finding.evidence.push(Evidence { role: "because", at: None, text });
        }
        finding.outcome = Outcome::Left(Reason::MigrationTest);
        findings.push(finding);
    }
    findings
}

/// The first file that a finding's fix changes, makes or deletes and that is listed.
fn changed<'f>(finding: &'f Finding, is_listed: &dyn Fn(&RepoPath) -> bool) -> Option<&'f RepoPath> {
    let Outcome::Fix(fix) = &finding.outcome else { return None };
    let paths = fix.change.files().iter().flat_map(|(path, what)| {
        let to = if let FileChange::Move { to, .. } = what { Some(to) } else { None };
        std::iter::once(path).chain(to)
    });
    paths.into_iter().find(|path| is_listed(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::change::SourceChange;
    use crate::text::edit::{Edit, TextEdit};
    use crate::text::span::{Position, Span};
    use crate::transform::finding::{Bond, Fix, Place};

    fn path(text: &str) -> RepoPath {
        RepoPath::new(text).unwrap()
    }

    /// A finding in the first of the files, whose fix changes them all.
    fn finding(files: &[&str], settles: &[&str], needs: &[&str]) -> Finding {
        let mut change = SourceChange::default();
        for file in files {
            let edit = TextEdit::new(vec![Edit::insert(0, "x")]).unwrap();
            change.union(&SourceChange::edit(path(file), edit)).unwrap();
        }
        let keys = |keys: &[&str]| keys.iter().map(|key| (*key).to_owned()).collect();
        let fix = Fix { bond: Bond { settles: keys(settles), needs: keys(needs) }, ..Fix::judged(None, change) };
        let place = Place { path: path(files[0]), span: Span::at(0), position: Position { line: 1, column: 0 } };
        Finding { place, message: files.join(" "), spelling: None, evidence: Vec::new(), outcome: Outcome::Fix(fix) }
    }

    fn kept(findings: Vec<Finding>) -> Vec<String> {
        let is_listed = |path: &RepoPath| path.is_below(b"kept");
        let left = |finding: Finding| match finding.outcome {
            Outcome::Left(reason) => Some(format!("{}: {}", finding.message, reason.code())),
            Outcome::Fix(_) => None,
        };
        let mut kept: Vec<String> = keep(findings, &is_listed).into_iter().filter_map(left).collect();
        kept.sort();
        kept
    }

    #[test]
    fn a_fix_that_touches_a_listed_file_is_left_as_a_whole() {
        let findings =
            vec![finding(&["a.py"], &[], &[]), finding(&["kept/b.py"], &[], &[]), finding(&["c.py", "kept/d.py"], &[], &[])];
        assert_eq!(kept(findings), ["c.py kept/d.py: migration-test", "kept/b.py: migration-test"]);
    }

    #[test]
    fn what_needs_a_fix_that_is_left_is_left_too() {
        let findings = vec![
            finding(&["kept/a.py"], &["one"], &[]),
            finding(&["b.py"], &["two"], &["one"]),
            finding(&["c.py"], &[], &["two"]),
            finding(&["d.py"], &["one"], &[]),
        ];
        assert_eq!(kept(findings), ["b.py: migration-test", "c.py: migration-test", "kept/a.py: migration-test"]);
    }

    #[test]
    fn what_cannot_be_read_is_said_to_be_so() {
        let mut unread = finding(&["kept/a.py"], &[], &[]);
        unread.outcome = Outcome::Left(Reason::Unparsable);
        let mut data = finding(&["kept/b.py"], &[], &[]);
        data.outcome = Outcome::Left(Reason::InString);
        assert_eq!(kept(vec![unread, data]), ["kept/a.py: unparsable", "kept/b.py: migration-test"]);
    }
}
