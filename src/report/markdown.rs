//! A built plan as Markdown, for a pull request or the summary of a CI job: what it does, and a checklist of what is left for people.
//!
//! What comes from the repository goes through `markup`.

use std::collections::BTreeMap;

use super::markup::{code, escaped, prose};
use super::{Report, Tally, count, gates, line, number, source_files, still_used, summary, text};
use crate::plan::build::{Built, count_files};
use crate::plan::gate::Figure;
use crate::plan::gate::worse::worse;
use crate::plan::owners::Owners;
use crate::text::words;
use crate::transform::finding::{Applicability, Finding, Outcome, Reason};

/// How many places are shown of each message; all of them are in the JSON report.
const SHOWN: usize = 50;

/// Renders the report.
pub fn render(report: &Report<'_>) -> String {
    let mut out = String::new();
    head(&mut out, report);
    steps(&mut out, report);
    gates_table(&mut out, report);
    let owners = Owners::of(&report.built.base);
    let owners = owners.as_ref();
    let is_left = |finding: &Finding| matches!(finding.outcome, Outcome::Left(_));
    let worklist = List { title: "Worklist", what: "place", bullet: "- [ ] ", owners };
    if !worklist.render(&mut out, report, &is_left) {
        line(&mut out, "\n## Worklist\n\nNothing is left for a person.");
    }
    let review =
        List { title: "For review, likely right and not proved (`--review` takes them)", what: "fix", bullet: "- ", owners };
    review.render(&mut out, report, &|finding| waits(finding, report.threshold));
    unparsable(&mut out, report.built);
    if let Some(broken) = text::broken_before(report.built) {
        line(&mut out, format!("\nBroken before, and not the plan's: {broken} (`--format json` lists them)."));
    }
    out
}

fn waits(finding: &Finding, threshold: Applicability) -> bool {
    matches!(&finding.outcome, Outcome::Fix(fix) if fix.applicability < threshold)
}

fn head(out: &mut String, report: &Report<'_>) {
    let Report { plan, built, base, .. } = report;
    line(out, format!("# Plan {}{}", code(&plan.name), titled(&plan.title)));
    let files = count(count_files(&built.steps), "file");
    line(out, format!("\nFor {}: {} in scope, {files} to change.", escaped(base), source_files(built.in_scope)));
}

fn titled(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(": {}", escaped(title)) }
}

fn bracketed(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(" ({})", escaped(title)) }
}

fn steps(out: &mut String, report: &Report<'_>) {
    if report.built.steps.is_empty() {
        return;
    }
    line(out, "\n| Phase | Step | Changes | For review | Left |\n| --- | --- | --- | ---: | ---: |");
    for step in &report.built.steps {
        let tally = Tally::of(step, report.threshold);
        let left: usize = tally.left.values().sum();
        let cells = [&step.phase, &step.step, &summary(step, report.threshold)].map(|cell| escaped(cell));
        line(out, format!("| {} | {} | {} |", cells.join(" | "), number(tally.waiting), number(left)));
    }
}

fn gates_table(out: &mut String, report: &Report<'_>) {
    let figures = report.built.figures.iter();
    let figures: Vec<(&str, &(Figure, Figure))> =
        figures.flat_map(|figures| figures.gates.iter().map(|gate| (figures.phase.as_str(), gate))).collect();
    if figures.is_empty() {
        return;
    }
    line(out, "\n| Phase | Gate | Before | After | Limit | |\n| --- | --- | --- | --- | --- | --- |");
    for (phase, (before, after)) in figures {
        let counts = |figure: &Figure| figure.count().map_or("not measured".to_owned(), gates::counts);
        let judged = match after.places {
            Some(_) if after.passes() => "passes",
            Some(_) => "**fails**",
            None => "",
        };
        let cells = [phase, &after.gate, &counts(before), &counts(after), &gates::limit(after.limit)].map(escaped);
        line(out, format!("| {} | {judged} |", cells.join(" | ")));
    }
    let worse = worse(&report.built.figures);
    if !worse.is_empty() {
        let gates: Vec<String> = worse.iter().map(|worse| format!("{} of {}", code(&worse.gate), code(&worse.phase))).collect();
        line(out, format!("\n**`apply` refuses this, because it leaves gates worse than they are:** {}.", gates.join(", ")));
    }
}

/// Findings by phase, owner, reason and message.
struct List<'o> {
    title: &'static str,
    /// What one of them is called.
    what: &'static str,
    /// What each starts with: a box to tick, or none.
    bullet: &'static str,
    owners: Option<&'o Owners>,
}

/// The owners of findings; those that nobody owns come last.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Owned {
    By(Vec<String>),
    ByNobody,
}

impl List<'_> {
    /// Renders the findings that are wanted, and says whether there are any.
    fn render(&self, out: &mut String, report: &Report<'_>, is_wanted: &dyn Fn(&Finding) -> bool) -> bool {
        let in_phase = |phase: &str| -> Vec<&Finding> {
            let steps = report.built.steps.iter().filter(|step| step.phase == phase);
            let mut findings: Vec<&Finding> =
                steps.flat_map(|step| &step.findings).filter(|finding| is_wanted(finding)).collect();
            // Several steps can leave the same place.
            findings.sort_by_key(|finding| (&finding.place, &finding.message, finding.reason()));
            findings.dedup_by_key(|finding| (&finding.place, &finding.message, finding.reason()));
            findings
        };
        let phases = report.plan.phases.iter().map(|phase| (phase, in_phase(&phase.id)));
        let phases: Vec<_> = phases.filter(|(_, findings)| !findings.is_empty()).collect();
        let total: usize = phases.iter().map(|(_, findings)| findings.len()).sum();
        if total == 0 {
            return false;
        }
        line(out, format!("\n## {}: {}", self.title, self.count(total)));
        for (phase, findings) in phases {
            line(out, format!("\n### {}{}: {}", escaped(&phase.id), bracketed(&phase.title), self.count(findings.len())));
            for (owned, findings) in self.by_owner(findings) {
                if self.owners.is_some() {
                    line(out, format!("\n#### {}: {}", owned.title(), self.count(findings.len())));
                }
                self.by_reason(out, findings);
            }
        }
        true
    }

    fn count(&self, number_of: usize) -> String {
        count(number_of, self.what).replace("fixs", "fixes")
    }

    fn by_owner<'f>(&self, findings: Vec<&'f Finding>) -> BTreeMap<Owned, Vec<&'f Finding>> {
        let mut groups: BTreeMap<Owned, Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            let owners = self.owners.map(|owners| owners.owners(&finding.place.path)).unwrap_or_default();
            let owned = match owners.is_empty() {
                true => Owned::ByNobody,
                false => Owned::By(owners.into_iter().map(str::to_owned).collect()),
            };
            groups.entry(owned).or_default().push(finding);
        }
        groups
    }

    /// Findings with one reason say it once; those with one message, too.
    fn by_reason(&self, out: &mut String, findings: Vec<&Finding>) {
        let mut groups: BTreeMap<(Reason, &str), Vec<&Finding>> = BTreeMap::new();
        for finding in findings {
            let reason = finding.reason().unwrap_or(Reason::AsPlanned);
            groups.entry((reason, finding.suggestion().unwrap_or(reason.suggestion()))).or_default().push(finding);
        }
        for ((reason, suggestion), findings) in groups {
            let suggestion = prose(suggestion.trim_end_matches('.'));
            let why = format!("Why ({}): {}. Suggestion: {suggestion}.", code(reason.code()), prose(reason.explain()));
            if let [finding] = findings[..] {
                line(out, format!("\n{}{}. {why}", self.bullet, item(finding)));
                continue;
            }
            line(out, format!("\n{why}\n"));
            let mut messages: BTreeMap<&str, Vec<&Finding>> = BTreeMap::new();
            for finding in findings {
                messages.entry(&finding.message).or_default().push(finding);
            }
            let (alone, together): (Vec<_>, Vec<_>) = messages.into_iter().partition(|(_, findings)| findings.len() == 1);
            let mut alone: Vec<&Finding> = alone.into_iter().flat_map(|(_, findings)| findings).collect();
            alone.sort_by_key(|finding| (&finding.place, &finding.message));
            self.items(out, "", alone.into_iter().map(item));
            for (message, findings) in together {
                line(out, format!("- {}: {}", self.count(findings.len()), prose(message)));
                self.items(out, "  ", findings.into_iter().map(place));
            }
        }
    }

    fn items(&self, out: &mut String, indent: &str, items: impl Iterator<Item = String>) {
        // Several findings on one line of a file are one item here.
        let mut lines: Vec<(String, usize)> = Vec::new();
        for item in items {
            match lines.last_mut() {
                Some((last, times)) if *last == item => *times += 1,
                _ => lines.push((item, 1)),
            }
        }
        for (item, times) in lines.iter().take(SHOWN) {
            let times = if *times > 1 { format!(" ({} times)", number(*times)) } else { String::new() };
            line(out, format!("{indent}{}{item}{times}", self.bullet));
        }
        more(out, indent, lines.iter().skip(SHOWN).map(|(_, times)| times).sum());
    }
}

impl Owned {
    /// The owners as code, for that they are named here should not call them.
    fn title(&self) -> String {
        match self {
            Owned::By(owners) => owners.iter().map(|owner| code(owner)).collect::<Vec<_>>().join(" "),
            Owned::ByNobody => "No owner".to_owned(),
        }
    }
}

fn more(out: &mut String, indent: &str, hidden: usize) {
    if let Some(more) = words::more(hidden, 0) {
        line(out, format!("{indent}- {more}; `--format json` lists all"));
    }
}

fn item(finding: &Finding) -> String {
    format!("{} — {}", place(finding), prose(&finding.message))
}

/// Where it is, with what is special about this place.
fn place(finding: &Finding) -> String {
    let special = finding.evidence.iter().filter(|evidence| matches!(evidence.role, "because" | "cycle" | "needs"));
    let special = special.map(|evidence| evidence.text.clone()).chain(still_used(finding));
    let special: String = special.map(|text| format!(" ({})", prose(&text))).collect();
    format!("{}{special}", code(&finding.place.to_string()))
}

/// The files that nothing is known of.
fn unparsable(out: &mut String, built: &Built) {
    if built.untouched.is_empty() {
        return;
    }
    line(out, format!("\n## Not edited, because they do not parse: {}\n", count(built.untouched.len(), "file")));
    for file in built.untouched.iter().take(SHOWN) {
        let at = format!("{}:{}", file.path, file.position.line);
        line(out, format!("- {} — {}", code(&at), prose(&file.message)));
    }
    more(out, "", built.untouched.len().saturating_sub(SHOWN));
}
