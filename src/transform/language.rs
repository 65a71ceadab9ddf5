//! The languages of the code that plans name, told by how its names are spelled.

use super::wire::Table;

/// A language that a plan can name code of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    /// Python.
    Python,
    /// TypeScript or JavaScript.
    TypeScript,
}

impl Language {
    /// The language of a step's parameters: what `language` says, or else what the names under some keys can only be.
    pub fn of(table: &Table<'_>, keys: &[&'static str]) -> Self {
        if let Some(language) = Self::said(table) {
            return language;
        }
        let names: Vec<&str> = keys.iter().flat_map(|key| table.peek(key)).collect();
        let is_path = |name: &&str| module_of(name).contains(['/', '@']);
        let is_dotted = |name: &&str| module_of(name).contains('.');
        let is_package = |name: &&str| Self::of_name(name) == Language::TypeScript;
        let is_typescript = names.iter().any(is_path) || (names.iter().any(is_package) && !names.iter().any(is_dotted));
        if is_typescript { Language::TypeScript } else { Language::Python }
    }

    /// The language that `language` says, where it says one.
    fn said(table: &Table<'_>) -> Option<Self> {
        let says = [("python", Language::Python), ("typescript", Language::TypeScript), ("tsx", Language::TypeScript)];
        table.choice("language", &says)
    }

    /// The language of a module or symbol among names of both: what `language` says, or else what its spelling says.
    pub fn of_each(table: &Table<'_>) -> impl Fn(&str) -> Self {
        let said = Self::said(table);
        move |name| said.unwrap_or_else(|| Self::of_name(name))
    }

    /// The language of a module or symbol by its spelling: a dotted name is Python's. A package whose name is an identifier (`jose`) needs
    /// `language = "typescript"`.
    pub fn of_name(name: &str) -> Self {
        let module = module_of(name);
        let is_package = module.contains('-') && !module.contains('.');
        let is_python = module.ends_with(".py") || module.ends_with(".pyi");
        if !is_python && (module.contains(['/', '@']) || is_package) { Language::TypeScript } else { Language::Python }
    }
}

fn module_of(name: &str) -> &str {
    name.split(':').next().unwrap_or_default()
}
