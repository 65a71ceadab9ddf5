//! The metric `definitions`: classes and functions in scope that play a role. A file that does not parse and spells what is called or
//! derived from counts as one place.

use super::{Context, Counted, Known};
use crate::index::references::Search;
use crate::lang::python::facts::DefinitionId;
use crate::text::snapshot::FileId;
use crate::transform::python::named::Named;
use crate::transform::python::role::{Role, headline};
use crate::transform::wire::{Problem, Table};

/// What a gate of this metric counts.
pub struct Definitions {
    role: Role,
}

impl Definitions {
    pub(super) fn read(table: &Table<'_>, known: &Known<'_>) -> Option<Self> {
        let name = table.required("role")?;
        if let Some(role) = known.roles.iter().find(|role| role.id == name.value) {
            return Some(Self { role: role.clone() });
        }
        let ids: Vec<&str> = known.roles.iter().map(|role| role.id.as_str()).collect();
        let problem = Problem::new(&name.origin, format!("there is no role `{}`", name.value));
        let hint = match ids.is_empty() {
            true => format!("a role is a table of its own: [role.{}]", name.value),
            false => format!("the roles are {}", ids.join(", ")),
        };
        table.problem(problem.hint(hint).did_you_mean(&name.value, ids));
        None
    }

    pub(super) fn count(&self, context: &Context<'_>) -> (Vec<Counted>, Option<Problem>) {
        let players = self.role.players(context.index, &|file| context.has_file(file));
        let counted = |&(file, id): &(FileId, DefinitionId)| {
            let facts = context.index.facts(file);
            let definition = &facts.definitions[id.index()];
            context.counted(file, definition.header.start, headline(facts, definition))
        };
        let mut places: Vec<Counted> = players.definitions.iter().map(counted).collect();
        places.extend(players.unread.into_iter().map(|(file, span)| {
            context.counted(file, span.start, format!("does not parse: {}", context.line(file, span.start)))
        }));
        let doubt = if places.is_empty() && !self.role.is_external { self.doubt(context) } else { None };
        (places, doubt)
    }

    /// A symbol of the role that nothing has or refers to.
    fn doubt(&self, context: &Context<'_>) -> Option<Problem> {
        let Role { calls, subclass_of, .. } = &self.role;
        let is_meant = |named: &Named| {
            let targets = [named.target(context.index)];
            !Search::new(context.index, &targets).run().is_empty()
        };
        let mut doubted = calls.iter().chain(subclass_of).filter(|named| !is_meant(named));
        doubted.find_map(|named| named.doubt(context.index, context.subjects))
    }
}
