//! Roles: what makes a class or function one that does a certain job, such as checking tokens.

mod players;

pub use players::{Players, headline};

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::named::{Named, Takes};
use crate::lang::python::facts::DefinitionKind;
use crate::transform::wire::{Located, Problem, Table};

/// A role, which a definition plays that meets all its conditions.
#[derive(Clone, Debug)]
pub struct Role {
    /// Its name in the plan.
    pub id: String,
    /// Classes or functions; `None` for both.
    pub kind: Option<Kind>,
    /// What the definition's own name is like.
    pub named: Option<Names>,
    /// Its body calls one of these.
    pub calls: Vec<Named>,
    /// It derives from one of these, directly or through classes of the repository.
    pub subclass_of: Vec<Named>,
    /// The definitions that may play it, and all in them: `module`, `module:Name` or `module:Class.member`.
    pub allow: Vec<Named>,
    /// The author's word that what is called or derived from comes from outside.
    pub is_external: bool,
}

/// A kind of definition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `class`.
    Class,
    /// `def` and `async def`.
    Function,
}

impl Kind {
    /// Whether a definition is of this kind.
    pub fn has(self, kind: DefinitionKind) -> bool {
        (self == Kind::Class) == (kind == DefinitionKind::Class)
    }
}

/// Patterns for names.
#[derive(Clone, Debug)]
pub struct Names {
    globs: GlobSet,
    /// A text that each name has, one for each pattern; empty where there is no such text.
    texts: Vec<String>,
}

impl Names {
    /// Whether a name fits.
    pub fn fit(&self, name: &str) -> bool {
        self.globs.is_match(name)
    }

    /// Whether a file can define a name that fits.
    pub fn may_be_in(&self, bytes: &[u8]) -> bool {
        self.texts.iter().any(|text| memchr::memmem::find(bytes, text.as_bytes()).is_some())
    }

    fn read(table: &Table<'_>) -> Option<Self> {
        let patterns = table.strings("named");
        let mut globs = GlobSetBuilder::new();
        for Located { value, origin } in &patterns {
            match Glob::new(value) {
                Ok(glob) => {
                    globs.add(glob);
                }
                Err(error) => table.problem(Problem::new(origin, format!("this is not a glob: {}", error.kind()))),
            }
        }
        let texts = patterns.iter().map(|pattern| longest_text(&pattern.value).to_owned()).collect();
        let globs = globs.build().map_err(|error| table.problem(Problem::new(table.origin(), format!("`named`: {error}"))));
        Some(Self { globs: globs.ok()?, texts }).filter(|_| !patterns.is_empty())
    }
}

/// The longest text that everything has that a glob matches.
fn longest_text(glob: &str) -> &str {
    // What stands in braces and brackets is a choice.
    if glob.contains(['{', '[', '\\']) {
        return "";
    }
    glob.split(['*', '?']).max_by_key(|text| text.len()).unwrap_or_default()
}

/// Reads the `[role.NAME]` tables of a plan.
pub fn read_all(table: &Table<'_>) -> Vec<Role> {
    table.named_tables("role").iter().filter_map(|(id, table)| read(id, table)).collect()
}

/// Reads one role.
pub(super) fn read(id: &Located<String>, table: &Table<'_>) -> Option<Role> {
    let conditions = ["named", "calls", "subclass_of"];
    let has_condition = conditions.into_iter().any(|key| table.has(key));
    let role = Role {
        id: id.value.clone(),
        kind: table.choice("kind", &[("class", Kind::Class), ("function", Kind::Function)]),
        named: Names::read(table),
        calls: Named::read_all(table, "calls", Takes::Symbols),
        subclass_of: Named::read_all(table, "subclass_of", Takes::Symbols),
        allow: Named::read_all(table, "allow", Takes::Members),
        is_external: table.flag("external"),
    };
    table.finish();
    if !has_condition || (role.named.is_none() && role.calls.is_empty() && role.subclass_of.is_empty()) {
        let problem = Problem::new(&id.origin, format!("the role `{}` has no condition", id.value));
        table.problem(problem.hint("say what makes a definition play it: `named`, `calls` or `subclass_of`"));
        return None;
    }
    if role.kind == Some(Kind::Function)
        && let Some(class) = role.subclass_of.first()
    {
        table.problem(Problem::new(&class.origin, "a function derives from nothing").hint("leave out `kind`"));
    }
    Some(role)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_only_where_it_can_have_the_name() {
        assert_eq!(longest_text("*WebSocket*Manager"), "WebSocket");
        assert_eq!(longest_text("create_?"), "create_");
        assert_eq!((longest_text("*"), longest_text("{a,b}Manager"), longest_text("[ab]c")), ("", "", ""));
    }
}
