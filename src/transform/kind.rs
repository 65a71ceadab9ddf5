//! The kinds of transforms: their names in plans, and the rules that stand behind them.
//!
//! A kind whose parameters name code of one language has a rule for each; the names tell which is meant.

use super::language::Language;
use super::moves::first_of_map;
use super::wire::{Located, Problem, Table};
use super::{Rule, python, typescript};

/// Reads the parameters of a step; none where they are wrong, which has been reported.
type Read = fn(&Table<'_>) -> Option<Box<dyn Rule>>;

/// A kind of transform.
pub struct Kind {
    /// Its name in plans.
    pub name: &'static str,
    /// What it does, in one sentence.
    pub summary: &'static str,
    rules: Rules,
}

/// The rules of a kind.
enum Rules {
    /// One for all code.
    One(Read),
    /// One for each language.
    Each {
        /// Whether the parameters are TypeScript's.
        is_typescript: fn(&Table<'_>) -> bool,
        python: Read,
        typescript: Read,
    },
}

/// All kinds, sorted by name.
pub const KINDS: [Kind; 10] = [
    Kind {
        name: "absolute-imports",
        summary: "makes relative imports absolute",
        rules: Rules::One(python::absolute_imports::read),
    },
    Kind { name: "ban", summary: "finds what may not be there", rules: Rules::One(python::ban::read) },
    Kind {
        name: "delete-definition",
        summary: "deletes a definition once nothing refers to it",
        rules: Rules::Each {
            is_typescript: is_of_typescript,
            python: python::delete_definition::read,
            typescript: typescript::delete_definition::read,
        },
    },
    Kind {
        name: "delete-module",
        summary: "deletes a module once nothing refers to it",
        rules: Rules::Each {
            is_typescript: is_of_typescript,
            python: python::delete_module::read,
            typescript: typescript::delete_module::read,
        },
    },
    Kind {
        name: "inline-wrapper",
        summary: "turns every call of a wrapper into the call that it stands for",
        rules: Rules::Each {
            is_typescript: is_of_typescript,
            python: python::inline_wrapper::read,
            typescript: typescript::inline_wrapper::read,
        },
    },
    Kind {
        name: "move-module",
        summary: "sends every reference to a module to another",
        rules: Rules::Each {
            is_typescript: is_from_typescript,
            python: python::move_module::read,
            typescript: typescript::move_module::read,
        },
    },
    Kind {
        name: "move-symbol",
        summary: "sends every reference to a symbol to its new home",
        rules: Rules::Each {
            is_typescript: |table| is_from_typescript(table) || maps_typescript(table),
            python: python::move_symbol::read,
            typescript: typescript::move_symbol::read,
        },
    },
    Kind {
        name: "remove-unused-imports",
        summary: "removes imports whose names nothing reads",
        rules: Rules::Each {
            is_typescript: is_of_typescript,
            python: python::remove_unused_imports::read,
            typescript: typescript::remove_unused_imports::read,
        },
    },
    Kind {
        name: "rewrite",
        summary: "replaces code that a pattern matches, by what its names mean",
        rules: Rules::Each {
            is_typescript: |table| typescript::query::language(table).is_some(),
            python: python::rewrite::read,
            typescript: typescript::rewrite::read,
        },
    },
    Kind {
        name: "shim",
        summary: "lets an old name go on to work, with a warning, or ends that",
        rules: Rules::Each {
            is_typescript: is_from_typescript,
            python: python::shim::read,
            typescript: typescript::shim::read,
        },
    },
];

fn is_of_typescript(table: &Table<'_>) -> bool {
    Language::of(table, &["of"]) == Language::TypeScript
}

fn is_from_typescript(table: &Table<'_>) -> bool {
    Language::of(table, &["from", "to"]) == Language::TypeScript
}

/// Whether the first name of a `map` is TypeScript's, where nothing else says what the names are.
fn maps_typescript(table: &Table<'_>) -> bool {
    let says = ["language", "from", "to"].iter().any(|key| table.has(key));
    !says && first_of_map(table).is_some_and(|name| Language::of_name(&name) == Language::TypeScript)
}

impl Kind {
    /// Reads the parameters of a step, and reports what is wrong with them.
    pub fn read(&self, table: &Table<'_>) -> Option<Box<dyn Rule>> {
        match self.rules {
            Rules::One(read) => read(table),
            Rules::Each { is_typescript, typescript, .. } if is_typescript(table) => typescript(table),
            Rules::Each { python, .. } => python(table),
        }
    }
}

/// Finds a kind by its name, and reports one that does not exist.
pub fn find(table: &Table<'_>, name: &Located<String>) -> Option<&'static Kind> {
    static ALL: [Kind; 10] = KINDS;
    let found = ALL.iter().find(|kind| kind.name == name.value);
    if found.is_none() {
        let names: Vec<&str> = ALL.iter().map(|kind| kind.name).collect();
        let problem = Problem::new(&name.origin, format!("there is no kind `{}`", name.value));
        let problem = problem.hint(format!("the kinds are {}", names.join(", ")));
        table.problem(problem.did_you_mean(&name.value, names));
    }
    found
}
