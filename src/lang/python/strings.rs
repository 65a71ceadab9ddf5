//! Strings that name code: what a dotted path means to the call that is given it, and what its parts name.
//!
//! `mock.patch("a.b.Name")` sets `Name` in the namespace of `a.b` and nowhere else: who has copied the name with
//! `from a.b import Name` does not notice (unittest.mock, "Where to patch"). `patch.dict("a.b.table")` and `patch("a.b.Class.method")`
//! change the object itself, whoever has it. `import_module("a.b")` loads a module. What a string is given to is resolved like any
//! other name; a string that is given to nothing of the kind is data.

use super::facts::{
    Argument, Binding, BindingKind, Computed, Facts, First, NameId, Piece, Slot, StringFact, StringPlace, Use, UseId,
};
use super::modules::Module;
use super::resolve::{self, End, Program, Step, Symbol};
use super::scope::Lookup;
use crate::text::snapshot::FileId;
use crate::text::span::Span;

/// What becomes of a string.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Role {
    /// Nothing is known to happen to it that concerns code.
    Data,
    /// The last name is set, for a while, in the namespace of what stands before it: `mock.patch`, `monkeypatch.setattr`.
    Patch,
    /// The object that it names is looked up when the code runs: `patch.dict`, `pkgutil.resolve_name`, a Django setting.
    Object,
    /// A module: `importlib.import_module`, a key of `sys.modules`, `pytest_plugins`.
    Module,
    /// A logger.
    Logger,
    /// A task of a queue, under the name that the workers know.
    Task,
    /// A name in the namespace of another argument, set for a while: `patch.object(m, "Name")`.
    PatchMember,
    /// A name in the namespace of another argument, read: `getattr(m, "Name")`.
    Member,
    /// A name in the namespace of another argument, set for good: `setattr(m, "Name", value)`.
    SetMember,
}

impl Role {
    /// The word that reports use.
    pub fn word(self) -> &'static str {
        match self {
            Role::Data => "data",
            Role::Patch | Role::PatchMember => "patch",
            Role::Object => "object",
            Role::Module => "module",
            Role::Logger => "logger",
            Role::Task => "task",
            Role::Member => "read by name",
            Role::SetMember => "set by name",
        }
    }
}

/// What becomes of a string of a file.
pub fn role(program: &dyn Program, file: FileId, string: &StringFact) -> Role {
    let facts = program.facts(file);
    match string.place {
        StringPlace::Elsewhere => Role::Data,
        StringPlace::Key(used) => match called(program, file, used).as_deref() {
            Some("sys.modules") => Role::Module,
            _ => Role::Data,
        },
        StringPlace::Value(name) => assigned(facts.names.get(name)),
        StringPlace::Argument(argument) => argument_role(program, file, &argument),
    }
}

/// What becomes of an argument.
pub fn argument_role(program: &dyn Program, file: FileId, argument: &Argument) -> Role {
    let facts = program.facts(file);
    let Some(callee) = called(program, file, argument.callee) else { return Role::Data };
    let keyword = match argument.slot {
        Slot::Keyword(name) => Some(facts.names.get(name)),
        _ => None,
    };
    let is_first = argument.slot == Slot::Position(0);
    let is_second = argument.slot == Slot::Position(1);
    let target = is_first || keyword == Some("target");
    let callee = callee.strip_prefix("unittest.").unwrap_or(&callee);
    let callee = callee.strip_prefix("pytest_mock.").unwrap_or(callee);
    match callee {
        "mock.patch" | "mocker.patch" if target => Role::Patch,
        "mock.patch.object" | "mocker.patch.object" | "mocker.spy" if is_second || keyword == Some("attribute") => {
            Role::PatchMember
        }
        "mock.patch.multiple" | "mocker.patch.multiple" if argument.slot == Slot::Name => Role::PatchMember,
        "mock.patch.multiple" | "mocker.patch.multiple" if target => Role::Object,
        "mock.patch.dict" | "mocker.patch.dict" if is_first || keyword == Some("in_dict") => Role::Object,
        // The keys of what is put into `sys.modules`.
        "mock.patch.dict" | "mocker.patch.dict" if is_modules_key(program, file, argument) => Role::Module,
        "monkeypatch.setitem" | "monkeypatch.delitem" if is_second && is_modules(program, file, argument.first) => Role::Module,
        "monkeypatch.setattr" | "monkeypatch.delattr" if target => Role::Patch,
        "monkeypatch.setattr" | "monkeypatch.delattr" if is_second || keyword == Some("name") => match argument.first {
            First::Use(_) => Role::PatchMember,
            First::Other | First::String(_) => Role::Data,
        },
        "getattr" | "hasattr" if is_second => Role::Member,
        "setattr" | "delattr" if is_second => Role::SetMember,
        "importlib.import_module"
        | "importlib.__import__"
        | "importlib.util.find_spec"
        | "importlib.resources.files"
        | "runpy.run_module"
        | "pytest.importorskip"
        | "__import__"
            if is_first || keyword == Some("name") =>
        {
            Role::Module
        }
        "sys.modules.get" | "sys.modules.pop" | "sys.modules.setdefault" if is_first => Role::Module,
        "pkgutil.resolve_name"
        | "pydoc.locate"
        | "django.utils.module_loading.import_string"
        | "werkzeug.utils.import_string"
            if is_first =>
        {
            Role::Object
        }
        "logging.getLogger" if is_first || keyword == Some("name") => Role::Logger,
        "self.assertLogs" | "self.assertNoLogs" if is_first || keyword == Some("logger") => Role::Logger,
        "caplog.set_level" | "caplog.at_level" if keyword == Some("logger") || is_second => Role::Logger,
        "celery.Celery" | "celery.app.base.Celery" if matches!(keyword, Some("include" | "imports")) => Role::Module,
        callee => match callee.rsplit('.').next() {
            Some("send_task" | "signature") if is_first && callee.contains('.') => Role::Task,
            Some("task" | "shared_task") if keyword == Some("name") => Role::Task,
            Some("autodiscover_tasks") if is_first => Role::Module,
            _ => Role::Data,
        },
    }
}

/// What a name says about the strings that are assigned to it.
fn assigned(name: &str) -> Role {
    match name {
        "pytest_plugins" => Role::Module,
        // Settings of Django that hold dotted paths (the reference of its settings) …
        "MIDDLEWARE"
        | "AUTHENTICATION_BACKENDS"
        | "DATABASE_ROUTERS"
        | "WSGI_APPLICATION"
        | "ASGI_APPLICATION"
        | "TEST_RUNNER"
        | "SESSION_SERIALIZER"
        | "EMAIL_BACKEND"
        | "DEFAULT_FILE_STORAGE"
        | "STATICFILES_STORAGE"
        | "TEMPLATES"
        | "CACHES"
        | "LOGGING"
        | "AUTH_PASSWORD_VALIDATORS"
        | "PASSWORD_HASHERS"
        | "STORAGES" => Role::Object,
        // … and those that name modules; Celery's too.
        "ROOT_URLCONF" | "INSTALLED_APPS" | "SESSION_ENGINE" | "CELERY_IMPORTS" | "CELERY_INCLUDE" => Role::Module,
        _ => Role::Data,
    }
}

fn is_modules(program: &dyn Program, file: FileId, first: First) -> bool {
    match first {
        First::Use(used) => called(program, file, used).as_deref() == Some("sys.modules"),
        First::String(text) => program.facts(file).names.get(text) == "sys.modules",
        First::Other => false,
    }
}

fn is_modules_key(program: &dyn Program, file: FileId, argument: &Argument) -> bool {
    argument.slot == Slot::Key && is_modules(program, file, argument.first)
}

/// The dotted name of what a use names outside of the program: `unittest.mock.patch.object`, however it is spelled in the file. A
/// builtin, and a parameter (a fixture is asked for by its name), stand for themselves.
fn called(program: &dyn Program, file: FileId, used: UseId) -> Option<String> {
    let facts = program.facts(file);
    let used = &facts.uses[used.index()];
    match facts.lookup(used.scope, used.name) {
        Lookup::Bound(scope) => {
            let is_parameter = |(_, binding): (_, &Binding)| binding.kind == BindingKind::Parameter;
            if facts.bindings_of(scope, used.name).all(is_parameter) {
                return Some(fixture(&facts.dotted(used)));
            }
            if facts.bindings_of(scope, used.name).all(|(_, binding)| is_monkeypatch(program, file, binding)) {
                let spelled = facts.dotted(used);
                return Some(spelled.replacen(facts.names.get(used.name), "monkeypatch", 1));
            }
        }
        Lookup::Free if !facts.has_stars() => return Some(facts.dotted(used)),
        Lookup::Free | Lookup::ClassOr(..) => {}
    }
    let steps = resolve::steps(program, file, used);
    let last = steps.last().filter(|_| steps.len() == facts.attributes_of(used).len() + 1)?;
    match (&last.end, last.hops.last()) {
        (End::Absent(_), Some(symbol)) => Some(format!("{}.{}", program.modules().dotted(&symbol.module), symbol.name)),
        (End::Module(module), _) => Some(program.modules().dotted(module).to_string()),
        _ => None,
    }
}

/// Whether a name is bound by `with monkeypatch.context() as name`: to a fixture for the span of the block.
fn is_monkeypatch(program: &dyn Program, file: FileId, binding: &Binding) -> bool {
    match binding.kind {
        BindingKind::Entered(callee) => {
            matches!(called(program, file, callee).as_deref(), Some("monkeypatch.context" | "pytest.MonkeyPatch.context"))
        }
        _ => false,
    }
}

/// The fixtures of pytest-mock for longer spans are fixtures like the short one.
fn fixture(spelled: &str) -> String {
    let (name, rest) = spelled.split_once('.').unwrap_or((spelled, ""));
    match name {
        "class_mocker" | "module_mocker" | "package_mocker" | "session_mocker" => format!("mocker.{rest}"),
        _ => spelled.to_owned(),
    }
}

/// Whether a file patches something by a path that is not written where it does so: in a loop, say, or in a helper.
pub fn patches_unknown_paths(program: &dyn Program, file: FileId, text: &str) -> bool {
    let facts = program.facts(file);
    let words = ["patch", "multiple", "setattr", "delattr"].map(|word| facts.names.find(word));
    let is_patching = |id: UseId, used: &Use| {
        let last = facts.attributes_of(used).last().map_or(used.name, |attribute| attribute.name);
        // A name of the file's own for `patch` is short, and tells as little.
        let is_named = words.contains(&Some(last)) || facts.attributes_of(used).is_empty();
        let callee = if is_named { called(program, file, id) } else { None };
        let callee = callee.as_deref().map(|callee| callee.strip_prefix("unittest.").unwrap_or(callee));
        matches!(
            callee,
            Some("mock.patch" | "mock.patch.multiple" | "mocker.patch" | "mocker.patch.multiple")
                | Some("monkeypatch.setattr" | "monkeypatch.delattr")
        )
    };
    let is_unknown = |used: &Use| {
        let end = facts.attributes_of(used).last().map_or(used.span.end, |attribute| attribute.span.end);
        let behind = text[end as usize..].trim_start();
        let Some(arguments) = behind.strip_prefix('(') else { return !behind.starts_with('.') };
        let first = arguments.trim_start();
        let first = first.strip_prefix("target").map_or(first, |rest| rest.trim_start().trim_start_matches('=').trim_start());
        let is_literal = first.trim_start_matches(['r', 'u', 'R', 'U']).starts_with(['"', '\'']);
        // `setattr(object, "name", value)`.
        let second = first.split_once(',').map(|(_, second)| second.trim_start());
        !is_literal && !second.is_some_and(|second| second.starts_with(['"', '\'']))
    };
    facts.uses.iter().enumerate().any(|(at, used)| is_patching(UseId::new(at), used) && is_unknown(used))
}

/// Whether a string is given to something that patches by its name, though it is not known what that is.
pub fn is_given_to_patch(facts: &Facts, string: &StringFact) -> bool {
    let StringPlace::Argument(argument) = string.place else { return false };
    let callee = &facts.uses[argument.callee.index()];
    let last = facts.attributes_of(callee).last().map_or(callee.name, |attribute| attribute.name);
    matches!(facts.names.get(last), "patch" | "object" | "multiple" | "spy" | "setattr" | "delattr")
}

/// Whether a text is a name (language reference, 2.3).
pub fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c)) && chars.all(unicode_ident::is_xid_continue)
}

/// Whether a text is a dotted path: at least two identifiers, with dots or one colon between them.
pub fn is_path(text: &str) -> bool {
    text.contains(['.', ':']) && text.matches(':').count() <= 1 && text.split(['.', ':']).all(is_identifier)
}

/// The first `count` parts of a dotted path.
pub fn prefix(path: &str, count: usize) -> &str {
    let end = path.match_indices(['.', ':']).nth(count - 1).map_or(path.len(), |(end, _)| end);
    &path[..end]
}

/// What the parts of a dotted path name, as [`resolve::steps`] does for an expression: one step for each part, as far as they lead
/// through modules. All parts but the last are modules where they can be (`pkgutil.resolve_name`, which `mock.patch` calls).
pub fn steps(program: &dyn Program, path: &str) -> Vec<Step> {
    let parts: Vec<&str> = path.split(['.', ':']).collect();
    let mut end = End::Module(program.modules().module(parts[0]));
    let mut steps = vec![Step { hops: Vec::new(), end: end.clone() }];
    for (at, part) in parts.iter().enumerate().skip(1) {
        let spelled = || parts[..=at].join(".");
        if at + 1 < parts.len()
            && let Ok(module) = program.modules().find(&spelled())
        {
            end = End::Module(module);
            steps.push(Step { hops: Vec::new(), end: end.clone() });
            continue;
        }
        let Some(module) = resolve::module_of(&end, steps.last()) else { break };
        let way = resolve::resolve(program, &Symbol { module, name: (*part).into() });
        end = way.end;
        steps.push(Step { hops: way.hops, end: end.clone() });
    }
    steps
}

/// The module in whose namespace a string names something, for a string with the role of a member.
pub fn owner(program: &dyn Program, file: FileId, argument: &Argument) -> Option<Module> {
    let facts = program.facts(file);
    let steps = match argument.first {
        First::Use(used) => {
            let used: &Use = &facts.uses[used.index()];
            let steps = resolve::steps(program, file, used);
            (steps.len() == facts.attributes_of(used).len() + 1).then_some(steps)?
        }
        First::String(text) => {
            let text = facts.names.get(text);
            let steps = steps(program, text);
            (steps.len() == text.split('.').count()).then_some(steps)?
        }
        First::Other => return None,
    };
    match &steps.last()?.end {
        End::Module(module) => Some(module.clone()),
        _ => None,
    }
}

/// A text of which not everything is known.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Text {
    /// All of it.
    Known(String),
    /// Its beginning and its end.
    Partly {
        /// What it starts with.
        start: String,
        /// What it ends with.
        end: String,
    },
}

/// The value of a string that is put together at run time, as far as its names are bound once, to a text.
pub fn value(facts: &Facts, computed: &Computed) -> Text {
    let mut texts: Vec<Option<&str>> = Vec::new();
    for piece in &computed.pieces {
        texts.push(match *piece {
            Piece::Text(text) => Some(facts.names.get(text)),
            Piece::Name(used) => constant(facts, used).map(|text| facts.names.get(text)),
            Piece::Unknown => None,
        });
    }
    let known = texts.iter().take_while(|text| text.is_some()).count();
    let unknown = texts.iter().rposition(Option::is_none);
    let join = |texts: &[Option<&str>]| texts.iter().copied().flatten().collect::<String>();
    match unknown {
        None => Text::Known(join(&texts)),
        Some(last) => Text::Partly { start: join(&texts[..known]), end: join(&texts[last..]) },
    }
}

/// The text that a name is bound to, if that is its only binding.
fn constant(facts: &Facts, used: UseId) -> Option<NameId> {
    let used = &facts.uses[used.index()];
    let Lookup::Bound(scope) = facts.lookup(used.scope, used.name) else { return None };
    let mut bindings = facts.bindings_of(scope, used.name);
    match (bindings.next()?.1.kind, bindings.next()) {
        (BindingKind::Text(text), None) => Some(text),
        _ => None,
    }
}

/// The bytes between the quotes of a literal; `None` where they do not spell its value as it is (escapes, several literals).
pub fn content(text: &str, literal: Span, value: &str) -> Option<Span> {
    let spelled = &text[literal.range()];
    if spelled == value {
        // The name of a keyword.
        return Some(literal);
    }
    let quoted = spelled.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| quoted.starts_with(quote))?;
    let start = spelled.len() - quoted.len() + quote.len();
    let end = spelled.len().checked_sub(quote.len())?;
    (spelled.get(start..end)? == value).then(|| Span::new(literal.start + start as u32, literal.start + end as u32))
}

#[cfg(test)]
mod tests;
