//! Gates: what is counted now, what a plan would make of it, and why a plan is refused. As text and as JSON.

use serde::Serialize;

use super::{clean, count, line, number};
use crate::plan::gate::worse::Worse;
use crate::plan::gate::{Count, Counted, Figure, Limit, Part};
use crate::plan::spec::{Phase, Plan};
use crate::text::plain;
use crate::text::words::more;
use crate::transform::wire::Problem;

/// How many places are shown of each gate; all of them are in the JSON report.
const SHOWN: usize = 10;

/// The version of the JSON report's shape.
const VERSION: u32 = 1;

/// Gates that have been measured, and on what.
pub struct Verified<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The files they were measured on, in words.
    pub base: String,
    /// The phases with their figures; at least one figure in all.
    pub phases: Vec<(&'a Phase, Vec<Figure>)>,
}

impl Verified<'_> {
    /// Whether all gates pass.
    pub fn passes(&self) -> bool {
        self.figures().all(Figure::passes)
    }

    fn figures(&self) -> impl Iterator<Item = &Figure> {
        self.phases.iter().flat_map(|(_, figures)| figures)
    }

    /// The report for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        line(&mut out, format!("{}{} on {}", self.plan.name, titled(&self.plan.title), self.base));
        for (phase, figures) in &self.phases {
            line(&mut out, format!("\n{}{}", phase.id, titled(&phase.title)));
            for figure in figures {
                line(&mut out, format!("  gate {}", now(figure)));
                if !figure.title.is_empty() && !figure.passes() {
                    line(&mut out, format!("    {}", clean(&figure.title)));
                }
                // The program's own words are the evidence of a command, and go to stderr.
                if figure.metric != "command" && !figure.passes() {
                    places(&mut out, "    ", &figure.judged().collect::<Vec<_>>());
                }
                doubt(&mut out, "    ", figure);
            }
        }
        let unmeasured = self.figures().filter(|figure| figure.places.is_none()).count();
        let failing = self.figures().filter(|figure| !figure.passes()).count() - unmeasured;
        let passing = self.figures().count() - failing - unmeasured;
        let parts = [(failing, "fail"), (unmeasured, "not measured"), (passing, "pass")];
        let parts = parts.iter().filter(|(times, _)| *times > 0).map(|(times, what)| match (*what, *times) {
            ("not measured", times) => format!("{} not measured", number(times)),
            (what, 1) => format!("1 {what}{}", if what == "pass" { "es" } else { "s" }),
            (what, times) => format!("{} {what}", number(times)),
        });
        let parts: Vec<String> = parts.collect();
        line(&mut out, format!("\n{}: {}.", count(self.figures().count(), "gate"), parts.join(", ")));
        out
    }

    /// The report for programs.
    pub fn json(&self) -> String {
        let phases = self.phases.iter().map(|(phase, figures)| PhaseWire {
            id: &phase.id,
            title: &phase.title,
            gates: figures.iter().map(wire).collect(),
        });
        let root = Root {
            format: "ssot-migrate verify report",
            version: VERSION,
            tool: env!("CARGO_PKG_VERSION"),
            plan: &self.plan.name,
            plan_digest: &self.plan.digest,
            base: &self.base,
            passes: self.passes(),
            phases: phases.collect(),
        };
        // Strings and numbers alone: nothing that could fail to serialise.
        plain::json(&serde_json::to_string_pretty(&root).unwrap_or_default()).into_owned() + "\n"
    }
}

fn titled(title: &str) -> String {
    if title.is_empty() { String::new() } else { format!(": {}", clean(title)) }
}

/// A gate and its figure: `legacy: 87 (12 service, 75 tests), at most 0: fails`.
pub fn now(figure: &Figure) -> String {
    match figure.count() {
        _ if figure.metric == "command" => of_command(figure),
        Some(count) => format!("{}: {}, {}", figure.gate, counts(count), verdict(figure.limit, figure.passes())),
        None => format!("{}: not measured", figure.gate),
    }
}

/// A gate and its figures before and after: `legacy: 87 (12 service, 75 tests) -> 30 (2 service, 28 tests), at most 0: fails`.
pub fn change(before: &Figure, after: &Figure) -> String {
    match (before.count(), after.count()) {
        (Some(old), Some(new)) if after.metric != "command" => changed(&after.gate, after.limit, old, new),
        _ => now(after),
    }
}

fn changed(gate: &str, limit: Limit, before: Count, after: Count) -> String {
    let passes = after.of(limit.part) <= limit.max;
    format!("{gate}: {} -> {}, {}", counts(before), counts(after), verdict(limit, passes))
}

fn of_command(figure: &Figure) -> String {
    match figure.places.as_deref() {
        None => format!("{}: not measured (verify --allow-commands runs it)", figure.gate),
        Some([]) => format!("{}: passes, in the work tree", figure.gate),
        Some([failure, ..]) => format!("{}: fails, in the work tree: {}", figure.gate, clean(&failure.what)),
    }
}

/// A count: `87 (12 service, 75 tests)`.
pub(super) fn counts(count: Count) -> String {
    let each = |times: u64| number(times as usize);
    match count.all() {
        0 => "0".to_owned(),
        all => format!("{} ({} service, {} tests)", each(all), each(count.service), each(count.tests)),
    }
}

fn verdict(limit: Limit, passes: bool) -> String {
    format!("{}: {}", self::limit(limit), if passes { "passes" } else { "fails" })
}

/// A limit: `at most 3 in tests`.
pub(super) fn limit(limit: Limit) -> String {
    let part = match limit.part {
        Part::All => "",
        Part::Service => " in service code",
        Part::Tests => " in tests",
    };
    format!("at most {}{part}", number(limit.max as usize))
}

/// Adds what is doubtful about a figure.
pub fn doubt(out: &mut String, indent: &str, figure: &Figure) {
    if let Some(problem) = &figure.doubt {
        line(out, format!("{indent}warning: {}", doubted(problem)));
    }
}

fn doubted(problem: &Problem) -> String {
    let (row, column) = problem.origin.line_column();
    let hint = problem.hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
    clean(&format!("{}:{row}:{column}: {}{hint}", problem.origin.file.name, problem.message))
}

/// Says which gates phases would leave worse, and what is new.
pub fn refusal(worse: &[Worse]) -> String {
    let mut out = String::new();
    for Worse { phase, gate, limit, before, after, new } in worse {
        line(&mut out, format!("  {phase} / gate {}", changed(gate, *limit, *before, *after)));
        places(&mut out, "    ", &new.iter().collect::<Vec<_>>());
    }
    out.trim_end().to_owned()
}

fn places(out: &mut String, indent: &str, places: &[&Counted]) {
    for counted in places.iter().take(SHOWN) {
        let at = counted.at.as_ref().map(|(path, (row, _))| format!("{path}:{row}: ")).unwrap_or_default();
        line(out, format!("{indent}{at}{}", clean(&counted.what)));
    }
    if let Some(more) = more(places.len(), SHOWN) {
        line(out, format!("{indent}{more}; --format json lists all"));
    }
}

#[derive(Serialize)]
struct Root<'a> {
    format: &'static str,
    version: u32,
    tool: &'static str,
    plan: &'a str,
    plan_digest: &'a str,
    base: &'a str,
    /// Whether all gates pass.
    passes: bool,
    phases: Vec<PhaseWire<'a>>,
}

#[derive(Serialize)]
struct PhaseWire<'a> {
    id: &'a str,
    title: &'a str,
    gates: Vec<GateWire<'a>>,
}

#[derive(Serialize)]
struct GateWire<'a> {
    id: &'a str,
    title: &'a str,
    metric: &'static str,
    max: u64,
    /// Which count is compared with `max`: `all`, `service` or `tests`.
    #[serde(rename = "in")]
    part: &'static str,
    measured: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tests: Option<u64>,
    passes: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<String>,
    places: Vec<PlaceWire<'a>>,
}

/// One thing that is counted.
#[derive(Serialize)]
pub(super) struct PlaceWire<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<u32>,
    what: &'a str,
    test: bool,
}

impl<'a> PlaceWire<'a> {
    /// As it is written.
    pub fn of(counted: &'a Counted) -> Self {
        let at = counted.at.as_ref();
        Self {
            path: at.map(|(path, _)| path.to_text()),
            line: at.map(|(_, (line, _))| *line),
            column: at.map(|(_, (_, column))| *column),
            what: &counted.what,
            test: counted.is_test,
        }
    }
}

fn wire(figure: &Figure) -> GateWire<'_> {
    let count = figure.count();
    GateWire {
        id: &figure.gate,
        title: &figure.title,
        metric: figure.metric,
        max: figure.limit.max,
        part: figure.limit.part.word(),
        measured: count.is_some(),
        count: count.map(Count::all),
        service: count.map(|count| count.service),
        tests: count.map(|count| count.tests),
        passes: figure.passes(),
        warning: warning(figure),
        places: figure.places.iter().flatten().map(PlaceWire::of).collect(),
    }
}

/// What is doubtful about a figure, in words.
pub(super) fn warning(figure: &Figure) -> Option<String> {
    figure.doubt.as_ref().map(doubted)
}
