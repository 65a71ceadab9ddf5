//! Symbols and modules of TypeScript as plans name them. A module is its path from the root without ending (`frontend/lib/auth`,
//! `./index` for a file in the root) or a bare package name (`jwt-decode`); a symbol is `module:Name`, `module:default` for the default
//! export.

use crate::index::Index;
use crate::index::typescript::references::{Reference, Site, Target, is_inside};
use crate::lang::typescript::facts::{Exported, RequestKind};
use crate::lang::typescript::modules::{Absence, Module};
use crate::lang::typescript::resolve::{End, Symbol};
use crate::transform::language::Language;
use crate::transform::moves;
use crate::transform::wire::{Located, Origin, Problem, Table, is_outside};

/// A module as a plan names it.
#[derive(Clone, Debug)]
pub struct ModuleRef {
    /// Its name, without a slash at the end.
    pub name: String,
    /// Whether it is named as a folder: with a slash at the end.
    pub is_folder: bool,
    /// Where it is written.
    pub origin: Origin,
}

impl ModuleRef {
    /// Reads one, and reports what is none.
    pub fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        let Located { value, origin } = text;
        let wrong = |message: String, hint: &str| {
            table.problem(Problem::new(&origin, message).hint(hint));
            None
        };
        let name = value.trim_end_matches('/');
        if is_outside(name) || name.is_empty() || name.contains([':', '\\', '"', '\'', ' ', '*']) {
            return wrong(
                format!("`{value}` is not a module"),
                "a module is a path from the root without ending, such as `web/lib/auth`",
            );
        }
        if let Some(stem) = ENDINGS.iter().find_map(|ending| name.strip_suffix(ending)) {
            return wrong(format!("`{value}` is a file"), &format!("a module is named without the ending: `{stem}`"));
        }
        Some(Self { name: name.to_owned(), is_folder: value.ends_with('/'), origin })
    }

    /// Reports a module that the repository ought to have and does not.
    pub fn check(&self, index: &Index) -> Option<Problem> {
        match index.typescript().modules().find(&self.name) {
            Ok(_) | Err(Absence::External | Absence::Unknown | Absence::Opaque | Absence::Output) => None,
            Err(Absence::Missing) if is_folder(index, &self.name) => None,
            Err(Absence::Missing) => Some(self.unknown(index)),
        }
    }

    /// Says that there is no such module.
    pub fn unknown(&self, index: &Index) -> Problem {
        let problem = Problem::new(&self.origin, format!("there is no module `{}`", self.name));
        problem.did_you_mean(&self.name, index.typescript().modules().names())
    }
}

/// The endings that the files of modules have.
const ENDINGS: [&str; 8] = [".tsx", ".ts", ".mts", ".cts", ".jsx", ".js", ".mjs", ".cjs"];

/// Whether files lie in a folder of this path.
pub fn is_folder(index: &Index, path: &str) -> bool {
    let folder = format!("{}/", path.trim_start_matches("./"));
    let files = index.snapshot().files();
    let first = files.partition_point(|file| *file.path.as_bytes() < *folder.as_bytes());
    files.get(first).is_some_and(|file| file.path.as_bytes().starts_with(folder.as_bytes()))
}

/// A symbol as a plan names it.
#[derive(Clone, Debug)]
pub struct SymbolRef {
    /// The module.
    pub module: ModuleRef,
    /// The exported name.
    pub name: String,
}

impl SymbolRef {
    /// Reads one, and reports what is none.
    pub fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        let Located { value, origin } = text;
        let wrong = |message: String, hint: &str| {
            table.problem(Problem::new(&origin, message).hint(hint));
            None
        };
        let Some((module, name)) = value.split_once(':') else {
            return wrong(format!("`{value}` is not a symbol"), "a symbol is `module:Name`, such as `web/lib/auth:validate`");
        };
        if name.contains('.') {
            return wrong(format!("`{name}` is a member"), "this kind takes names of modules only");
        }
        if !is_identifier(name) {
            return wrong(
                format!("`{name}` is not a name"),
                "a symbol is `module:Name`, the default export is `module:default`",
            );
        }
        let module = ModuleRef::read(table, Located { value: module.to_owned(), origin: origin.clone() })?;
        Some(Self { module, name: name.to_owned() })
    }

    /// The symbol in an index.
    pub fn symbol(&self, index: &Index) -> Symbol {
        let module = index.typescript().modules().module(&self.module.name);
        Symbol { module, name: self.name.as_str().into() }
    }

    /// As plans write it.
    pub fn spelled(&self) -> String {
        format!("{}:{}", self.module.name, self.name)
    }

    /// Where it is written.
    pub fn origin(&self) -> &Origin {
        &self.module.origin
    }

    /// Reports a name that its module does not export.
    pub fn check(&self, index: &Index) -> Option<Problem> {
        let code = index.typescript();
        let symbol = self.symbol(index);
        let Module::File(file) = symbol.module else { return self.module.check(index) };
        if code.resolve(&symbol).end != End::Unbound {
            return None;
        }
        let facts = code.facts(file);
        let names = facts.exports.iter().map(|export| facts.names.get(export.name)).filter(|name| *name != "*");
        let problem = Problem::new(self.origin(), format!("`{}` exports no `{}`", self.module.name, self.name));
        let problem = problem.hint("`external = true` says that the name comes into being outside this repository");
        Some(problem.did_you_mean(&self.name, names))
    }
}

impl moves::Named for SymbolRef {
    fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        Self::read(table, text)
    }

    fn spelled(&self) -> String {
        self.spelled()
    }

    fn origin(&self) -> &Origin {
        self.origin()
    }
}

/// Whether the text is an identifier of ECMAScript, without escapes.
pub fn is_identifier(text: &str) -> bool {
    let is_start = |c: char| c == '_' || c == '$' || unicode_ident::is_xid_start(c);
    let is_part = |c: char| c == '_' || c == '$' || unicode_ident::is_xid_continue(c);
    text.starts_with(is_start) && text.chars().all(is_part)
}

/// A symbol or module as gates and bans name it. It need not exist: that one is gone may be the goal.
#[derive(Clone, Debug)]
pub enum Named {
    /// A name that a module exports.
    Symbol(SymbolRef),
    /// A module, a folder of modules, or a package.
    Module(ModuleRef),
}

impl Named {
    /// Reads the names under a key that are TypeScript's.
    pub fn read_all(table: &Table<'_>, key: &'static str) -> Vec<Self> {
        let language = Language::of_each(table);
        let names = table.strings(key).into_iter().filter(|text| language(&text.value) == Language::TypeScript);
        names.filter_map(|text| Self::read(table, text)).collect()
    }

    /// Reads one, and reports what is none.
    pub fn read(table: &Table<'_>, text: Located<String>) -> Option<Self> {
        match text.value.contains(':') {
            true => SymbolRef::read(table, text).map(Named::Symbol),
            false => ModuleRef::read(table, text).map(Named::Module),
        }
    }

    /// What to search for.
    pub fn target(&self, index: &Index) -> Target {
        match self {
            Named::Symbol(symbol) => Target::Symbol(symbol.symbol(index)),
            Named::Module(module) => Target::Module(module.name.as_str().into()),
        }
    }

    /// As it is written.
    pub fn spelled(&self) -> String {
        match self {
            Named::Symbol(symbol) => symbol.spelled(),
            Named::Module(module) => module.name.clone(),
        }
    }

    /// The module's name.
    pub fn module(&self) -> &str {
        match self {
            Named::Symbol(symbol) => &symbol.module.name,
            Named::Module(module) => &module.name,
        }
    }

    /// Whether the repository does not have it: then the name may be a slip.
    pub fn doubt(&self, index: &Index) -> Option<Problem> {
        match self {
            Named::Symbol(symbol) => symbol.check(index),
            Named::Module(module) => module.check(index),
        }
    }
}

/// The references of code to some names, outside of the modules that have them: what is taken from a module, read out of one, or passed on.
/// Strings and the replacements of tests are not code.
pub fn in_code<'r>(index: &'r Index, of: &'r [Named], references: &'r [Reference]) -> impl Iterator<Item = &'r Reference> {
    let code = index.typescript();
    references.iter().filter(move |reference| {
        let facts = code.facts(reference.file);
        let is_code = match reference.site {
            Site::Request(request) => !matches!(
                facts.requests[request.index()].kind,
                RequestKind::Mock(_) | RequestKind::Resolve | RequestKind::Url | RequestKind::Augmentation
            ),
            Site::Export(export) => matches!(facts.exports[export.index()].what, Exported::From { .. }),
            Site::Alias(_) => !reference.is_replacement(code),
            Site::Attribute(..) => true,
            Site::Name(_) => false,
        };
        let own = code.modules().name(reference.file).unwrap_or_default();
        is_code && !is_inside(own, of[reference.target].module())
    })
}
