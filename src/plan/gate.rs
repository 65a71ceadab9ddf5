//! Gates: figures that a phase is measured by.

use crate::index::Index;
use crate::index::references::{Search, Site, Target};
use crate::lang::python::resolve::Symbol;
use crate::transform::Scope;
use crate::transform::wire::{Located, Problem, Table};

/// A figure with a limit.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Its name within the phase.
    pub id: String,
    /// What is counted.
    pub metric: Metric,
    /// The largest count that passes.
    pub max: u64,
}

/// What a gate counts.
#[derive(Clone, Debug)]
pub enum Metric {
    /// Places in scope whose code refers to a symbol or module: imports, uses through a module and star imports; strings are not
    /// code. A file that does not parse and spells the target counts as one place.
    References(Located<String>),
}

/// A gate's figure.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figure {
    /// The gate's id.
    pub gate: String,
    /// The count.
    pub count: u64,
    /// The largest count that passes.
    pub max: u64,
}

impl Figure {
    /// Whether the gate passes.
    pub fn passes(&self) -> bool {
        self.count <= self.max
    }
}

impl Gate {
    /// Reads a `[[phase.gate]]`.
    pub fn read(table: &Table<'_>) -> Option<Self> {
        let id = table.required("id");
        let metric = table.required("metric");
        let of = table.required("of");
        let max = table.number("max").map_or(0, |max| max.value);
        table.finish();
        let (id, metric) = (id?, metric?);
        if metric.value != "references" {
            let problem = Problem::new(&metric.origin, format!("there is no metric `{}`", metric.value));
            table.problem(problem.hint("the metric is `references`"));
            return None;
        }
        Some(Self { id: id.value, metric: Metric::References(of?), max })
    }

    /// Counts.
    pub fn measure(&self, index: &Index, scope: &Scope) -> Figure {
        let Metric::References(of) = &self.metric;
        let target = match of.value.split_once(':') {
            Some((module, name)) => Target::Symbol(Symbol { module: index.modules().module(module), name: name.into() }),
            None => Target::Module(of.value.as_str().into()),
        };
        let own = |file| {
            let name = index.modules().name(file).unwrap_or_default();
            crate::index::references::is_inside(name, of.value.split(':').next().unwrap_or_default())
        };
        let targets = [target];
        let search = Search::new(index, &targets);
        let references = search.run();
        let in_scope = |file| scope.contains(&index.snapshot().get(file).path);
        let unread = search.unread(&targets, &references).iter().filter(|unread| in_scope(unread.file)).count();
        let counted = references.iter().filter(|reference| {
            matches!(reference.site, Site::From(_) | Site::Alias(_) | Site::Attribute(..) | Site::Unsure(..) | Site::Star(..))
                && !own(reference.file)
                && in_scope(reference.file)
        });
        Figure { gate: self.id.clone(), count: (counted.count() + unread) as u64, max: self.max }
    }
}
