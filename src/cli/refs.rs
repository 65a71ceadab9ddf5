//! `ssot-migrate refs`: every reference to a symbol or module, or every use of an imported binding.

use super::error::CliError;
use super::format::ListFormat;
use super::project::{At, Project};
use super::{Answer, Global, note};
use crate::index::references::Target;
use crate::index::typescript::references;
use crate::index::{Index, TextError};
use crate::lang::python::modules::{Absence, Module};
use crate::lang::python::resolve::{self, End, Symbol};
use crate::lang::python::strings::is_identifier;
use crate::lang::typescript;
use crate::report::refs::{self, AllForm, Refs};
use crate::text::words::count;
use crate::transform::language::Language;
use crate::transform::python::module_names;
use crate::transform::python::named::is_dotted;
use crate::transform::wire::nearest;

/// Show every reference to a symbol or module, with its spelling and the way to the definition
#[derive(clap::Args, Debug)]
pub(super) struct Args {
    /// A symbol (`module:Name`) or a module (`pkg.mod`, `web/lib/auth`)
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    symbol: Option<String>,
    /// Instead, list every use of an imported binding, with what the import brings
    #[arg(long)]
    all: bool,
    /// The form of the answer
    #[arg(long, value_enum, default_value_t = ListFormat::Text)]
    format: ListFormat,
    /// Look at another commit than HEAD's
    #[arg(long, value_name = "REV")]
    at: Option<String>,
    /// Look at the files of the work tree, uncommitted changes and new files included
    #[arg(long, conflicts_with = "at")]
    worktree: bool,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Answer, CliError> {
    let project = Project::open(global)?;
    let plan = project.plan(global)?;
    let (snapshot, base, _) = project.snapshot(&At::of(args.at.as_deref(), args.worktree), &plan)?;
    let index = Index::build(snapshot, &plan.options);
    let Some(symbol) = &args.symbol else { return Ok(all(&index, args.format)?.into()) };
    if let Some(error) = index.unreadable(&|_| true) {
        return Err(error.into());
    }
    let refs = match Language::of_name(symbol) {
        Language::TypeScript => in_typescript(&index, base, symbol)?,
        Language::Python => {
            let target = target(&index, symbol)?;
            let refs = Refs::search(&index, base.clone(), &target);
            match refs.is_empty() && is_unknown(&index, &target) {
                // A package of npm whose name could be Python's.
                true => match in_typescript(&index, base, symbol) {
                    Ok(refs) if !refs.is_empty() => refs,
                    _ => return Err(unknown(symbol, index.modules().names())),
                },
                false => refs,
            }
        }
    };
    Ok(match args.format {
        ListFormat::Text => refs.text(),
        ListFormat::Json => refs.json(),
    }
    .into())
}

fn unknown<'a>(symbol: &str, names: impl IntoIterator<Item = &'a str>) -> CliError {
    let error = CliError::usage(format!("the repository neither has nor imports `{symbol}`"));
    suggest(error, symbol.split(':').next().unwrap_or_default(), names)
}

/// What refers to a symbol or module of TypeScript.
fn in_typescript(index: &Index, base: String, symbol: &str) -> Result<Refs, CliError> {
    let modules = index.typescript().modules();
    let (name, exported) = symbol.split_once(':').map_or((symbol, None), |(module, name)| (module, Some(name)));
    let name = name.trim_end_matches('/');
    let module = modules.module(name);
    let target = match exported {
        Some(exported) => {
            let symbol = typescript::resolve::Symbol { module: module.clone(), name: exported.into() };
            if index.typescript().resolve(&symbol).end == typescript::resolve::End::Unbound {
                return Err(CliError::usage(format!("`{name}` exports no `{exported}`")));
            }
            references::Target::Symbol(symbol)
        }
        None => references::Target::Module(name.into()),
    };
    let refs = Refs::search_typescript(index, base, &target, symbol);
    if refs.is_empty() && matches!(module, typescript::modules::Module::Absent(_)) {
        return Err(unknown(symbol, modules.names()));
    }
    Ok(refs)
}

fn all(index: &Index, format: ListFormat) -> Result<String, CliError> {
    let form = match format {
        ListFormat::Text => AllForm::Text,
        ListFormat::Json => AllForm::Json,
    };
    let (out, left_out) = refs::all(index, form);
    for &file in &left_out {
        if let Err(TextError::Read(error)) = index.text(file) {
            return Err(error.into());
        }
    }
    match left_out.len() {
        0 => {}
        1 => note("1 Python file does not parse and is left out"),
        files => note(&format!("{} do not parse and are left out", count(files, "Python file"))),
    }
    Ok(out)
}

/// Reads a symbol or module, which has to exist where its package is in the repository.
fn target(index: &Index, text: &str) -> Result<Target, CliError> {
    const HINT: &str = "a symbol is `module:Name`, such as `pkg.mod:Name`; a module is a dotted name, such as `pkg.mod`";
    let (module, name) = text.split_once(':').map_or((text, None), |(module, name)| (module, Some(name)));
    if !is_dotted(module) {
        return Err(CliError::usage(format!("`{module}` is not a module")).hint(HINT));
    }
    match name {
        Some(name) if name.contains('.') && is_dotted(name) => {
            let class = name.split('.').next().unwrap_or_default();
            let error = CliError::usage(format!("`{name}` is a member of a class, and only names of modules are followed"));
            return Err(error.hint(format!("`refs {module}:{class}` shows who refers to the class")));
        }
        Some(name) if !is_identifier(name) => {
            return Err(CliError::usage(format!("`{name}` is not a name")).hint(HINT));
        }
        _ => {}
    }
    if let Err(absence @ (Absence::Missing | Absence::NotAPackage)) = index.modules().find(module) {
        let error = CliError::usage(format!("there is no module `{module}`"));
        return Err(match behind_a_module(index, module).filter(|_| name.is_none()) {
            Some(symbol) => error.hint(format!("did you mean `{symbol}`?")),
            None if absence == Absence::NotAPackage => suggest(error.hint(HINT), module, index.modules().names()),
            None => suggest(error, module, index.modules().names()),
        });
    }
    let Some(name) = name else { return Ok(Target::Module(module.into())) };
    let symbol = Symbol { module: index.modules().module(module), name: name.into() };
    if resolve::resolve(index, &symbol).end == End::Unbound {
        let error = CliError::usage(format!("`{module}` has no `{name}`"));
        return Err(match symbol.module {
            Module::File(file) => suggest(error, name, module_names(index.facts(file))),
            _ => error,
        });
    }
    Ok(Target::Symbol(symbol))
}

/// `pkg.mod.Name`, written as a symbol, where `pkg.mod` is a module that has the name.
fn behind_a_module(index: &Index, dotted: &str) -> Option<String> {
    let (module, name) = dotted.rsplit_once('.')?;
    let Ok(Module::File(file)) = index.modules().find(module) else { return None };
    index.facts(file).module_bindings(name).next().map(|_| format!("{module}:{name}"))
}

/// Whether nothing in the repository has the target's name.
fn is_unknown(index: &Index, target: &Target) -> bool {
    match target {
        Target::Symbol(symbol) => matches!(symbol.module, Module::Absent(_)),
        Target::Module(dotted) => index.modules().find(dotted).is_err(),
    }
}

fn suggest<'a>(error: CliError, word: &str, known: impl IntoIterator<Item = &'a str>) -> CliError {
    match nearest(word, known) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error,
    }
}
