//! What one Python file says, as plain data: scopes, bindings, uses, imports, definitions, `__all__`, strings that look like
//! code, and syntax errors.
//!
//! Facts depend on the file's bytes and the language version alone, not on its path or on any other file, so they can be
//! computed in parallel and kept by blob id. All names are interned per file. Nothing is judged here.

mod strings;

pub use strings::{Argument, Computed, First, Piece, Slot, StringFact, StringPlace};

use crate::lang::names::ids;
pub use crate::lang::names::{NameId, Names};
use crate::text::span::Span;

ids! {
    /// A scope of the file.
    ScopeId;
    /// A binding of the file.
    BindingId;
    /// A use of a name.
    UseId;
    /// An import statement.
    ImportId;
    /// One `name [as name]` of an import statement.
    AliasId;
    /// A class or function definition.
    DefinitionId;
}

impl ScopeId {
    /// The module's own scope.
    pub const MODULE: ScopeId = ScopeId(0);
}

/// What one file says.
#[derive(Debug, Default)]
pub struct Facts {
    /// The interned names.
    pub names: Names,
    /// The scopes, the module's first, each behind its parent.
    pub scopes: Box<[Scope]>,
    /// `global` and `nonlocal` declarations, sorted by scope and name.
    pub declarations: Box<[(ScopeId, NameId, Declaration)]>,
    /// The bindings, sorted by owner scope, name and place.
    pub bindings: Box<[Binding]>,
    /// The uses, in the order of evaluation; those in strings that are types by what stands around them (`cast("X", …)`) come last.
    pub uses: Box<[Use]>,
    /// The attributes that follow the used names; see [`Use::attributes`].
    pub attributes: Box<[Attribute]>,
    /// The names that are read out of other expressions, such as calls: `Old` of `import_module("m").Old`. Sorted.
    pub loose_attributes: Box<[NameId]>,
    /// The import statements, in source order.
    pub imports: Box<[Import]>,
    /// The aliases of all import statements; see [`Import::aliases`].
    pub aliases: Box<[Alias]>,
    /// What each alias binds; nothing for a star.
    pub bound_by: Box<[Option<BindingId>]>,
    /// The aliases that are stars, in source order.
    pub star_aliases: Box<[AliasId]>,
    /// The class and function definitions, in source order.
    pub definitions: Box<[Definition]>,
    /// `__all__`, where the module has one.
    pub exports: Option<Exports>,
    /// The names that the module's `__getattr__` forwards, in source order.
    pub forwards: Box<[Forward]>,
    /// The string literals that could name code, in source order.
    pub strings: Box<[StringFact]>,
    /// The strings with a dot that are put together at run time and given to calls, in source order.
    pub computed: Box<[Computed]>,
    /// Code in comments and strings, as text: type comments that belong to no statement, the lines of doctests, and what `eval`,
    /// `exec` and `compile` are given.
    pub embedded_code: Box<[(Span, Box<str>)]>,
    /// The syntax errors, sorted by place.
    pub errors: Box<[SyntaxError]>,
    /// Whether names of the module can come into being that no statement binds: a module-level `__getattr__` that does more than
    /// forward some, `globals()[…] = …`, `globals().update(…)` or `setattr(sys.modules[__name__], …)`.
    pub is_dynamic: bool,
    /// Whether the module has an `if __name__ == "__main__"` block: it can be run as a script.
    pub has_main: bool,
}

/// A region in which names are bound, as CPython's symbol table divides a module.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What opens it.
    pub kind: ScopeKind,
    /// The scope around it; `None` for the module.
    pub parent: Option<ScopeId>,
    /// Where it begins in the file: at `class`, `def`, `async`, `lambda`, `type`, or the first byte of the comprehension.
    pub start: u32,
}

/// What opens a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeKind {
    /// The file.
    Module,
    /// A class body.
    Class,
    /// A function body or a lambda.
    Function,
    /// A list, set or dict comprehension or a generator expression.
    Comprehension,
    /// The type parameters of a class, function or type alias (PEP 695), and the value of a type alias.
    TypeParameters,
}

/// A declaration that a name of this scope lives elsewhere.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Declaration {
    /// `global x`.
    Global,
    /// `nonlocal x`.
    Nonlocal,
}

/// The conditions under which a statement runs, as far as they matter to imports.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Context(u8);

impl Context {
    /// Under `if TYPE_CHECKING`: never at run time.
    pub const TYPE_CHECKING: Context = Context(1);
    /// In a `try` whose handler catches `ImportError`.
    pub const TRY_IMPORT: Context = Context(2);
    /// In a `try` whose handler catches `Exception`, or everything.
    pub const TRY_ANY: Context = Context(4);
    /// In an exception handler.
    pub const HANDLER: Context = Context(8);
    /// Under `if __name__ == "__main__"`.
    pub const MAIN: Context = Context(16);
    /// Under any other condition, or in a loop.
    pub const CONDITIONAL: Context = Context(32);

    /// Whether all of `other` holds here.
    pub fn contains(self, other: Context) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both contexts.
    #[must_use]
    pub fn and(self, other: Context) -> Context {
        Context(self.0 | other.0)
    }
}

impl std::fmt::Debug for Context {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [
            (Self::TYPE_CHECKING, "type-checking"),
            (Self::TRY_IMPORT, "try-import"),
            (Self::TRY_ANY, "try-any"),
            (Self::HANDLER, "handler"),
            (Self::MAIN, "main"),
            (Self::CONDITIONAL, "conditional"),
        ];
        f.debug_list().entries(all.iter().filter(|(bit, _)| self.contains(*bit)).map(|(_, name)| name)).finish()
    }
}

/// A place that binds a name.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The scope that owns the name: for a name declared `global`, the module.
    pub scope: ScopeId,
    /// The name, mangled where a class mangles it.
    pub name: NameId,
    /// The name's place.
    pub span: Span,
    /// What binds it.
    pub kind: BindingKind,
    /// The scope in which the statement stands.
    pub site: ScopeId,
    /// The conditions under which it runs.
    pub context: Context,
}

/// What binds a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BindingKind {
    /// An import.
    Import(AliasId),
    /// A class or function definition.
    Definition(DefinitionId),
    /// `name = other` or `name = other.attribute`: another name for what the use names.
    Alias(UseId),
    /// `name = "text"`.
    Text(NameId),
    /// `with callee() as name`: what entering the call of the use gives.
    Entered(UseId),
    /// Any other assignment: to a value, an item of a loop, `with … as`, `:=`, a `match` capture, `+=`.
    Value,
    /// `name: annotation` without a value: the name is of this scope, and not bound at run time.
    Annotation,
    /// `except … as name`, which unbinds the name at the end of the handler.
    Exception,
    /// `del name`.
    Delete,
    /// A parameter of a function.
    Parameter,
    /// A type parameter or a type alias (PEP 695).
    TypeParameter,
}

/// A place that reads a name, and the attributes that follow it: `a.b.c` is a use of `a` followed by `.b.c`.
#[derive(Clone, Debug)]
pub struct Use {
    /// The name, mangled where a class mangles it.
    pub name: NameId,
    /// The name's place.
    pub span: Span,
    /// The scope in which it stands.
    pub scope: ScopeId,
    /// The attributes that follow, as a range of [`Facts::attributes`].
    pub attributes: (u32, u32),
    /// How the place can be edited, and what is done to the last attribute.
    pub flags: UseFlags,
}

/// Properties of a use.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct UseFlags {
    /// The use stands in a string or comment that is a type: it is read by no running program, unless that asks for types.
    pub in_string: bool,
    /// Its spelling is data as well (`f"{x=}"`, `t"{x}"`), or its place in the file is not known exactly: it cannot be renamed.
    pub frozen: bool,
    /// The last attribute is assigned to or deleted.
    pub is_store: bool,
    /// What the value, name and attributes, is used as.
    pub role: UseRole,
}

/// What a value is used as.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum UseRole {
    /// Nothing in particular.
    #[default]
    Value,
    /// It is called.
    Callee,
    /// A class derives from it, or from `value[…]`.
    Base,
}

/// One `.name` behind a used name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// The attribute's name.
    pub name: NameId,
    /// The name's place, without the dot.
    pub span: Span,
}

/// An import statement.
#[derive(Clone, Debug)]
pub struct Import {
    /// The statement.
    pub span: Span,
    /// The scope in which it stands.
    pub scope: ScopeId,
    /// The conditions under which it runs.
    pub context: Context,
    /// For `from … import …`, where from.
    pub from: Option<From>,
    /// Its aliases, as a range of [`Facts::aliases`].
    pub aliases: (u32, u32),
}

/// The `from …` of an import statement.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct From {
    /// The leading dots.
    pub level: u32,
    /// The dotted name behind the dots; `None` for `from . import x`.
    pub module: Option<NameId>,
}

/// One `name [as name]` of an import statement.
#[derive(Clone, Debug)]
pub struct Alias {
    /// The statement.
    pub import: ImportId,
    /// The imported name: dotted behind `import`, a single name behind `from … import`, or `*`.
    pub name: NameId,
    /// Its place.
    pub name_span: Span,
    /// The name and place behind `as`.
    pub asname: Option<(NameId, Span)>,
    /// The local name that it binds: the asname, the name, or the first part of a dotted name. `*` for a star.
    pub local: NameId,
}

/// A class or function definition.
#[derive(Clone, Debug)]
pub struct Definition {
    /// What is defined.
    pub kind: DefinitionKind,
    /// Its name.
    pub name: NameId,
    /// The scope that it stands in.
    pub scope: ScopeId,
    /// The whole definition, decorators included.
    pub span: Span,
    /// From `class`, `def` or `async` to the end of the signature, without the colon.
    pub header: Span,
}

/// What a definition defines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DefinitionKind {
    /// `class`.
    Class,
    /// `def`.
    Function,
    /// `async def`.
    AsyncFunction,
}

/// The module's `__all__`.
#[derive(Clone, Debug, Default)]
pub struct Exports {
    /// The listed names and the places of their string literals.
    pub entries: Vec<(NameId, Span)>,
    /// Whether the list is known in full: it is made of literals alone.
    pub is_complete: bool,
}

/// A name that the module's `__getattr__` answers with another (PEP 562): `if name == "Old": … return new`. Who asks the module for it
/// gets what the other name means; the module's own code does not see it.
#[derive(Clone, Debug)]
pub struct Forward {
    /// The name.
    pub name: NameId,
    /// The place of its string literal.
    pub span: Span,
    /// The `if` or `elif` with all that stands under it.
    pub branch: Span,
    /// What is returned.
    pub used: UseId,
    /// The whole function: the module answers when it has been executed.
    pub function: DefinitionId,
}

/// A place that is not Python.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What is wrong, in the parser's words.
    pub message: Box<str>,
}

impl Facts {
    /// The aliases of an import statement, with their ids.
    pub fn aliases_of(&self, import: &Import) -> impl Iterator<Item = (AliasId, &Alias)> {
        let (start, end) = import.aliases;
        (start..end).map(|index| (AliasId(index), &self.aliases[index as usize]))
    }

    /// The binding that an alias makes; `None` for a star.
    pub fn binding_of_alias(&self, alias: AliasId) -> Option<&Binding> {
        self.bound_by[alias.index()].map(|binding| &self.bindings[binding.index()])
    }

    /// The import statement at just this place.
    pub fn import_at(&self, span: Span) -> Option<ImportId> {
        self.imports.binary_search_by_key(&span, |import| import.span).ok().map(ImportId::new)
    }

    /// The import statement of an alias.
    pub fn import_of(&self, alias: &Alias) -> &Import {
        &self.imports[alias.import.index()]
    }

    /// The attributes behind a use.
    pub fn attributes_of(&self, used: &Use) -> &[Attribute] {
        let (start, end) = used.attributes;
        &self.attributes[start as usize..end as usize]
    }

    /// A use as it is written, name and attributes: `a.b.c`.
    pub fn dotted(&self, used: &Use) -> String {
        let attributes = self.attributes_of(used).iter().map(|attribute| self.names.get(attribute.name));
        std::iter::once(self.names.get(used.name)).chain(attributes).collect::<Vec<_>>().join(".")
    }

    /// Whether a scope's code runs only when a function is called.
    pub fn is_lazy(&self, scope: ScopeId) -> bool {
        self.ancestors(scope).any(|scope| self.scopes[scope.index()].kind == ScopeKind::Function)
    }

    /// The scope and those around it, innermost first.
    pub fn ancestors(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |scope| self.scopes[scope.index()].parent)
    }

    /// What the module's `__getattr__` forwards a name to.
    pub fn forward(&self, name: &str) -> Option<&Forward> {
        self.forwards.iter().find(|forward| self.names.get(forward.name) == name)
    }

    /// Where a name of the module is bound first, or forwarded.
    pub fn place_of(&self, name: &str) -> Option<Span> {
        let bound = self.module_bindings(name).next().map(|(_, binding)| binding.span);
        bound.or_else(|| self.forward(name).map(|forward| forward.span))
    }

    /// The aliases that are stars, in source order.
    pub fn stars(&self) -> impl DoubleEndedIterator<Item = &Alias> + Clone {
        self.star_aliases.iter().map(|id| &self.aliases[id.index()])
    }

    /// Whether the file has a star import.
    pub fn has_stars(&self) -> bool {
        !self.star_aliases.is_empty()
    }

    /// Whether the alias is a star.
    pub fn is_star(&self, alias: &Alias) -> bool {
        self.names.get(alias.name) == "*"
    }

    /// Whether `__all__` lists the name.
    pub fn exports_name(&self, name: &str) -> bool {
        let id = self.names.find(name);
        self.exports.iter().flat_map(|exports| &exports.entries).any(|entry| Some(entry.0) == id)
    }
}
