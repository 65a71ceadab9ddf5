//! Gates: figures that a phase is measured by. A figure is the places that it counts, so that every number has its evidence.
//!
//! [`measure`] counts on an index; what only a program outside can tell (`command`) is not measured here. Service code and tests are
//! told apart ([`test_code`]), and a gate may judge one of them alone. A metric is one file below.

pub mod command;
mod definitions;
mod findings;
mod references;
mod strings;
pub mod test_code;
pub mod worse;

use super::spec::{Phase, Plan};
use crate::index::Index;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Position;
use crate::transform::python::role::Role;
use crate::transform::wire::{Located, Problem, Table};
use crate::transform::{Scope, Subject, Transform};
use command::Command;
use definitions::Definitions;
use findings::Findings;
use references::References;
use strings::Strings;

/// A figure with a limit.
pub struct Gate {
    /// Its name within the phase.
    pub id: String,
    /// What it is, in a few words.
    pub title: String,
    /// What is counted.
    pub metric: Metric,
    /// How much passes.
    pub limit: Limit,
    /// The files in which it counts, within the plan's scope.
    pub scope: Scope,
}

/// How much passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    /// The largest count that passes.
    pub max: u64,
    /// Which count it is compared with.
    pub part: Part,
}

/// A part of the code.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// All of it.
    All,
    /// What is no test.
    Service,
    /// Tests.
    Tests,
}

/// What a gate counts.
pub enum Metric {
    /// Places whose code refers to a symbol or module.
    References(References),
    /// Places that a transform finds.
    Findings(Findings),
    /// Definitions that play a role.
    Definitions(Definitions),
    /// String literals that spell a text.
    Strings(Strings),
    /// 1 where a program fails.
    Command(Command),
}

/// The names of the metrics.
const METRICS: [&str; 5] = ["command", "definitions", "findings", "references", "strings"];

/// A gate's figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    /// The gate's id.
    pub gate: String,
    /// What the gate is, in a few words.
    pub title: String,
    /// The name of its metric.
    pub metric: &'static str,
    /// How much passes.
    pub limit: Limit,
    /// What is counted, service code first, then by place; `None` where that is not measured.
    pub places: Option<Vec<Counted>>,
    /// Why the figure may not be what its author has in mind.
    pub doubt: Option<Problem>,
}

/// One thing that is counted.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Counted {
    /// Whether it stands in a test.
    pub is_test: bool,
    /// The file and the place in it; `None` for what has no place, such as a program that fails.
    pub at: Option<(RepoPath, Place)>,
    /// What stands there.
    pub what: String,
}

/// The line, counted from 1, and the column, in bytes from 0.
pub type Place = (u32, u32);

/// How many are counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Count {
    /// In service code.
    pub service: u64,
    /// In tests.
    pub tests: u64,
}

impl Count {
    /// In all code.
    pub fn all(self) -> u64 {
        // What a saved plan says may be any number.
        self.service.saturating_add(self.tests)
    }

    /// In a part of the code.
    pub fn of(self, part: Part) -> u64 {
        match part {
            Part::All => self.all(),
            Part::Service => self.service,
            Part::Tests => self.tests,
        }
    }
}

impl Limit {
    fn read(table: &Table<'_>) -> Self {
        let max = table.number("max").map_or(0, |max| max.value);
        Self { max, part: table.choice("in", &Part::ALL.map(|part| (part.word(), part))).unwrap_or(Part::All) }
    }
}

impl Part {
    /// All of them.
    pub const ALL: [Part; 3] = [Part::All, Part::Service, Part::Tests];

    /// Its word in plans and reports.
    pub fn word(self) -> &'static str {
        match self {
            Part::All => "all",
            Part::Service => "service",
            Part::Tests => "tests",
        }
    }

    /// Whether a place belongs to it.
    pub fn has(self, counted: &Counted) -> bool {
        match self {
            Part::All => true,
            Part::Service => !counted.is_test,
            Part::Tests => counted.is_test,
        }
    }
}

impl Figure {
    /// How many are counted; `None` where that is not measured.
    pub fn count(&self) -> Option<Count> {
        let places = self.places.as_ref()?;
        let tests = places.iter().filter(|counted| counted.is_test).count();
        Some(Count { service: (places.len() - tests) as u64, tests: tests as u64 })
    }

    /// Whether the gate passes. What is not measured does not.
    pub fn passes(&self) -> bool {
        self.count().is_some_and(|count| count.of(self.limit.part) <= self.limit.max)
    }

    /// The places that are compared with the limit, service code first.
    pub fn judged(&self) -> impl Iterator<Item = &Counted> {
        self.places.iter().flatten().filter(|counted| self.limit.part.has(counted))
    }
}

/// What the gates of a plan may refer to.
pub struct Known<'k> {
    /// The roles of the plan.
    pub roles: &'k [Role],
    /// The ids of the steps of the gate's phase.
    pub steps: Vec<&'k str>,
    /// Reads a transform that is used by its id; the second table is what is laid over it.
    pub transform: &'k dyn Fn(&Table<'_>, &Located<String>) -> Option<Transform>,
}

impl Gate {
    /// Reads a `[[phase.gate]]`.
    pub fn read(table: &Table<'_>, known: &Known<'_>) -> Option<Self> {
        let id = table.required("id").and_then(|id| super::spec::identifier(table, id));
        let title = table.line("title").map(|title| title.value).unwrap_or_default();
        let name = table.required("metric")?;
        let limit = if name.value == "command" { Limit { max: 0, part: Part::All } } else { Limit::read(table) };
        if !METRICS.contains(&name.value.as_str()) {
            let problem = Problem::new(&name.origin, format!("there is no metric `{}`", name.value));
            let problem = problem.hint(format!("the metrics are {}", METRICS.join(", ")));
            table.problem(problem.did_you_mean(&name.value, METRICS));
            return None;
        }
        if name.value == "command" {
            let command = Command::read(table);
            table.finish();
            return Some(Self { id: id?, title, metric: Metric::Command(command?), limit, scope: Scope::default() });
        }
        let scope = Scope::read(table);
        let metric = match name.value.as_str() {
            "references" => References::read(table).map(Metric::References),
            "findings" => Findings::read(table, known).map(Metric::Findings),
            "strings" => Strings::read(table).map(Metric::Strings),
            _ => Definitions::read(table, known).map(Metric::Definitions),
        };
        table.finish();
        Some(Self { id: id?, title, metric: metric?, limit, scope })
    }

    /// The id of the transform whose findings are counted, where it is one of a pack.
    pub fn transform(&self) -> Option<&str> {
        match &self.metric {
            Metric::Findings(findings) => findings.transform(),
            _ => None,
        }
    }

    /// A figure of this gate.
    pub fn figure(&self, places: Option<Vec<Counted>>, doubt: Option<Problem>) -> Figure {
        let metric = match self.metric {
            Metric::References(_) => "references",
            Metric::Findings(_) => "findings",
            Metric::Definitions(_) => "definitions",
            Metric::Strings(_) => "strings",
            Metric::Command(_) => "command",
        };
        Figure { gate: self.id.clone(), title: self.title.clone(), metric, limit: self.limit, places, doubt }
    }
}

/// What a metric counts in.
struct Context<'c> {
    index: &'c Index,
    plan: &'c Plan,
    phase: &'c Phase,
    scope: &'c Scope,
    subjects: &'c [Subject],
}

impl Context<'_> {
    /// Whether the plan and the gate have the file.
    fn has(&self, path: &RepoPath) -> bool {
        self.plan.scope.contains(path) && self.scope.contains(path)
    }

    fn has_file(&self, file: FileId) -> bool {
        self.has(&self.index.snapshot().get(file).path)
    }

    /// What stands at an offset of a file.
    fn counted(&self, file: FileId, offset: u32, what: String) -> Counted {
        let path = self.index.snapshot().get(file).path.clone();
        self.at(path, self.index.position(file, offset), what)
    }

    fn at(&self, path: RepoPath, position: Position, what: String) -> Counted {
        Counted { is_test: self.plan.tests.contains(&path), at: Some((path, (position.line, position.column))), what }
    }

    /// The line of a file that has an offset, without the blanks around it.
    fn line(&self, file: FileId, offset: u32) -> String {
        // A file that does not parse need not be UTF-8.
        let bytes = self.index.snapshot().read(self.index.snapshot().get(file)).unwrap_or_default();
        let before = &bytes[..(offset as usize).min(bytes.len())];
        let is_end = |byte: &u8| matches!(byte, b'\n' | b'\r');
        let start = before.iter().rposition(is_end).map_or(0, |at| at + 1);
        let end = bytes[start..].iter().position(is_end).map_or(bytes.len(), |at| start + at);
        String::from_utf8_lossy(&bytes[start..end]).trim().to_owned()
    }
}

/// Measures the gates of a phase.
pub fn measure(plan: &Plan, phase: &Phase, index: &Index) -> Vec<Figure> {
    phase.gates.iter().map(|gate| measure_one(plan, phase, gate, index)).collect()
}

/// Measures one gate of a phase.
pub fn measure_one(plan: &Plan, phase: &Phase, gate: &Gate, index: &Index) -> Figure {
    let subjects = plan.subjects(index);
    let context = Context { index, plan, phase, scope: &gate.scope, subjects: &subjects };
    let (mut places, doubt) = match &gate.metric {
        Metric::References(references) => references.count(&context),
        Metric::Findings(findings) => findings.count(&context),
        Metric::Definitions(definitions) => definitions.count(&context),
        Metric::Strings(strings) => (strings.count(&context), None),
        Metric::Command(_) => return gate.figure(None, None),
    };
    places.sort();
    gate.figure(Some(places), doubt)
}

#[cfg(test)]
mod tests;
