//! What one TypeScript or JavaScript file says, as plain data: scopes, bindings, uses, module requests, imports, exports, and syntax
//! errors.
//!
//! The words are those of ECMA-262 ("Source Text Module Records": requested modules, import entries, export entries), as far as it has
//! them; meanings are those of TypeScript (`value`, `type`, `namespace`: one name may have all three). A name that stands for several
//! merged declarations is one [`Binding`]. Facts depend on the file's bytes and name ending alone; nothing is judged here.

use crate::lang::names::ids;
pub use crate::lang::names::{NameId, Names};
use crate::text::span::Span;

ids! {
    /// A scope of the file.
    ScopeId;
    /// A binding of the file.
    BindingId;
    /// A declaration of the file.
    DeclarationId;
    /// A use of a name.
    UseId;
    /// A place that names a module.
    RequestId;
    /// An import declaration.
    ImportId;
    /// A name that is taken from a module.
    AliasId;
    /// A name that the module exports.
    ExportId;
}

impl ScopeId {
    /// The file's own scope.
    pub const MODULE: ScopeId = ScopeId(0);
}

/// What one file says.
#[derive(Debug, Default)]
pub struct Facts {
    /// The interned names, and the values of strings that are kept.
    pub names: Names,
    /// The scopes, the file's own first; a parent comes before its children.
    pub scopes: Box<[Scope]>,
    /// What the scopes bind, sorted by scope, name.
    pub bindings: Box<[Binding]>,
    /// The declarations of the bindings, those of one binding together and in the order of their places.
    pub declarations: Box<[Declaration]>,
    /// The places that use a name, in their order. A name that a declaration introduces is not among them.
    pub uses: Box<[Use]>,
    /// The members behind the used names, see [`Use::attributes`].
    pub attributes: Box<[Attribute]>,
    /// The strings that name a module, in their order.
    pub requests: Box<[Request]>,
    /// Those that are put together at run time.
    pub computed: Box<[Computed]>,
    /// The import declarations, in their order.
    pub imports: Box<[Import]>,
    /// The names that are taken from modules, in their order; those of one import declaration together.
    pub aliases: Box<[Alias]>,
    /// The export entries, in their order.
    pub exports: Box<[Export]>,
    /// Strings that look like the path of a module and that nothing known is given, in their order; in JavaScript, those of JSDoc types
    /// as well.
    pub paths: Box<[(NameId, Span)]>,
    /// The comments, in their order.
    pub comments: Box<[Span]>,
    /// The syntax errors, sorted by place.
    pub errors: Box<[SyntaxError]>,
    /// Whether the file is a module: it has an `import`, `export`, `import.meta` or top-level `await`, or is CommonJS. The declarations of
    /// any other are global.
    pub is_module: bool,
    /// Whether the exports cannot be listed: `module.exports = f()`, `Object.assign(exports, …)`, `exports[name] = …`.
    pub is_dynamic: bool,
}

/// A region in which names are bound.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What opens it.
    pub kind: ScopeKind,
    /// The scope around it; `None` for the file's own.
    pub parent: Option<ScopeId>,
    /// The node that opens it.
    pub span: Span,
}

/// What opens a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ScopeKind {
    /// The file.
    Module,
    /// A function, arrow function, method, accessor, constructor or static block: its code runs when it is called (a static block runs
    /// with its class).
    Function,
    /// A class.
    Class,
    /// A `namespace` or `module` block.
    Namespace,
    /// `declare module "…"`: its declarations belong to another module.
    Augmentation,
    /// `declare global`.
    Global,
    /// A block, loop, `catch`, `switch`, or a declaration that only binds type parameters or enum members.
    Block,
}

/// What a name may stand for.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Meaning(u8);

impl Meaning {
    /// Something that is there at run time.
    pub const VALUE: Meaning = Meaning(1);
    /// A type.
    pub const TYPE: Meaning = Meaning(2);
    /// A namespace: `N` in the type `N.T`.
    pub const NAMESPACE: Meaning = Meaning(4);
    /// Any of them: what an import brings is known to its module alone.
    pub const ANY: Meaning = Meaning(7);
    /// None.
    pub const NONE: Meaning = Meaning(0);

    /// Whether all of `other` is meant.
    pub fn contains(self, other: Meaning) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is meant.
    pub fn intersects(self, other: Meaning) -> bool {
        self.0 & other.0 != 0
    }

    /// Both meanings.
    #[must_use]
    pub fn and(self, other: Meaning) -> Meaning {
        Meaning(self.0 | other.0)
    }
}

impl std::fmt::Debug for Meaning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let all = [(Self::VALUE, "value"), (Self::TYPE, "type"), (Self::NAMESPACE, "namespace")];
        f.debug_list().entries(all.iter().filter(|(bit, _)| self.contains(*bit)).map(|(_, name)| name)).finish()
    }
}

/// What a scope means by a name: all its merged declarations.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The scope.
    pub scope: ScopeId,
    /// The name.
    pub name: NameId,
    /// What it may stand for.
    pub meaning: Meaning,
    /// What binds it.
    pub kind: BindingKind,
    /// Its declarations, as a range of [`Facts::declarations`]; never empty.
    pub declarations: (u32, u32),
    /// Whether it is assigned to behind its declaration.
    pub is_assigned: bool,
}

/// What binds a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BindingKind {
    /// An import, or a variable that is taken from a module as an import would: `const { X } = require("m")`.
    Import(AliasId),
    /// `const X = other`, `const X = other.member`, `type X = Other`, `import X = other.member`: another name for what the use names.
    Alias(UseId),
    /// A function.
    Function,
    /// A class.
    Class,
    /// An interface.
    Interface,
    /// A type alias of any other type.
    TypeAlias,
    /// An enum.
    Enum,
    /// A member of an enum, seen from the enum's body.
    EnumMember,
    /// A namespace.
    Namespace,
    /// Declarations of different kinds, merged: an interface and a class, a function and a namespace.
    Merged,
    /// A variable, whether declared alone or by destructuring.
    Variable,
    /// A parameter of a function, or what `catch` binds.
    Parameter,
    /// A type parameter, or what `infer` binds.
    TypeParameter,
}

/// One declaration of a binding.
#[derive(Clone, Debug)]
pub struct Declaration {
    /// The binding.
    pub binding: BindingId,
    /// The name's place.
    pub name_span: Span,
    /// The declaration: for a variable its declarator, for an import its specifier, else the whole statement.
    pub span: Span,
    /// The statement it stands in, from `export`, its decorators or its first keyword to the end; the parameter itself for a parameter.
    pub statement: Span,
    /// What it declares.
    pub kind: DeclarationKind,
    /// `async`, for a function, or a variable whose value is a function expression.
    pub is_async: bool,
    /// `export` stands in the statement itself.
    pub is_exported: bool,
    /// Under `declare`, or in a declaration file.
    pub is_ambient: bool,
    /// The name is a key as well: `{ X }` in a pattern, `X` without `as` in an import. A new local name has to keep the key.
    pub is_shorthand: bool,
}

/// What a declaration declares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeclarationKind {
    /// `function`, overloads included.
    Function,
    /// `class`.
    Class,
    /// `interface`.
    Interface,
    /// `type`.
    TypeAlias,
    /// `enum`.
    Enum,
    /// A member of an enum.
    EnumMember,
    /// `namespace` or `module`.
    Namespace,
    /// `const`, `let`, `var`, `using`; `is_function` where the value is a function or arrow function, `is_pattern` where the declarator
    /// binds several names.
    Variable {
        /// Its value is a function expression.
        is_function: bool,
        /// It stands in a destructuring pattern.
        is_pattern: bool,
        /// The only declarator of its statement.
        is_alone: bool,
    },
    /// An import.
    Import,
    /// A parameter.
    Parameter,
    /// A type parameter.
    TypeParameter,
}

/// A place that uses a name, and the members that follow it: `a.b.c` is a use of `a` followed by `.b.c`.
#[derive(Clone, Debug)]
pub struct Use {
    /// The name.
    pub name: NameId,
    /// The name's place.
    pub span: Span,
    /// The scope in which it stands.
    pub scope: ScopeId,
    /// What it is bound to in this file; `None` for a global.
    pub binding: Option<BindingId>,
    /// The members that follow, as a range of [`Facts::attributes`].
    pub attributes: (u32, u32),
    /// What it is read as.
    pub meaning: Meaning,
    /// How it is written.
    pub form: UseForm,
    /// What its value, name and members, is used as.
    pub role: UseRole,
    /// The name itself (without members) is assigned to.
    pub is_assigned: bool,
}

/// How a use is written: what a new name has to look like there.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum UseForm {
    /// A name.
    #[default]
    Plain,
    /// `{ X }` in an object: the name is the property's key as well.
    Shorthand,
    /// The name of a JSX element, opening or closing.
    JsxName,
    /// `X` in `export { X }` or `export { X as Y }` of the module itself.
    ExportSpecifier(ExportId),
    /// `X` in `export { X }` in the body of `declare module` or of a namespace: the name is the exported one as well.
    InnerExport,
}

/// What a value is used as.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum UseRole {
    /// Nothing in particular.
    #[default]
    Value,
    /// It is called; `new` is no call.
    Callee {
        /// The call is awaited where it stands.
        is_awaited: bool,
    },
    /// `new X()`.
    Constructed,
    /// A class extends it.
    Base,
    /// An interface extends it, or a class implements it.
    Interface,
    /// Its members are read by a computed name, it is spread, or it is iterated over: which members is not known.
    Spread,
}

/// One member behind a used name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attribute {
    /// The member's name.
    pub name: NameId,
    /// The name's place; with its quotes where it is quoted.
    pub span: Span,
    /// `a["b"]` instead of `a.b`.
    pub is_quoted: bool,
}

/// A string that names a module.
#[derive(Clone, Debug)]
pub struct Request {
    /// The string's value: the module specifier.
    pub specifier: NameId,
    /// The literal with its quotes.
    pub span: Span,
    /// What asks.
    pub kind: RequestKind,
    /// The statement, call or type that it stands in.
    pub whole: Span,
    /// The scope in which it stands.
    pub scope: ScopeId,
    /// Nothing of it is left at run time: `import type`, `import("m").T`.
    pub is_type_only: bool,
}

/// What asks for a module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum RequestKind {
    /// `import … from "m"`, `import "m"`.
    Import,
    /// `export … from "m"`.
    Export,
    /// `import x = require("m")`.
    ImportEquals,
    /// `import("m")`.
    Dynamic,
    /// `require("m")`.
    Require,
    /// `require.resolve("m")`, `import.meta.resolve("m")`.
    Resolve,
    /// `import("m").T` as a type, `typeof import("m")`.
    ImportType,
    /// A call of a test framework.
    Mock(Mock),
    /// `new URL("./x", import.meta.url)`.
    Url,
    /// `/// <reference path="…" />`.
    ReferencePath,
    /// `/// <reference types="…" />`.
    ReferenceTypes,
    /// `declare module "m"`.
    Augmentation,
}

/// A call by which a test framework names a module.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Mock {
    /// `jest.mock`, `vi.mock`, `jest.doMock`, `vi.doMock`, `jest.setMock`: the module is replaced; `has_factory` where by what is given.
    Replace {
        /// A second argument says by what.
        has_factory: bool,
    },
    /// `jest.unmock`, `jest.dontMock`, `vi.unmock`, `vi.doUnmock`.
    Restore,
    /// `jest.requireActual`, `vi.importActual`: the module itself.
    Actual,
    /// `jest.requireMock`, `vi.importMock`, `jest.createMockFromModule`, `jest.genMockFromModule`: its replacement.
    Replacement,
}

/// A module that is asked for by a string that is put together at run time.
#[derive(Clone, Debug)]
pub struct Computed {
    /// The expression.
    pub span: Span,
    /// What asks.
    pub kind: RequestKind,
    /// The text it begins with; empty where that is not known.
    pub prefix: NameId,
}

/// An import declaration.
#[derive(Clone, Debug)]
pub struct Import {
    /// The statement.
    pub span: Span,
    /// What it asks for.
    pub request: RequestId,
    /// Its names, as a range of [`Facts::aliases`]; empty for `import "m"` and `import {} from "m"`.
    pub aliases: (u32, u32),
    /// `import type …`.
    pub is_type_only: bool,
}

/// A name that is taken from a module.
#[derive(Clone, Debug)]
pub struct Alias {
    /// The module.
    pub request: RequestId,
    /// What is taken.
    pub imported: Imported,
    /// The place of the imported name, with its quotes where it is quoted; for a default import or a namespace, of the local name.
    pub imported_span: Span,
    /// What it is bound to; `None` where it is used at once, or where a variable is given other values as well.
    pub local: Option<BindingId>,
    /// The whole specifier, property or expression.
    pub span: Span,
    /// How it is written.
    pub form: AliasForm,
    /// `type` stands before the name, or before all names.
    pub is_type_only: bool,
}

/// What is taken from a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Imported {
    /// A name that it exports; `default` for the default export.
    Name(NameId),
    /// The object that has all its exports: `* as ns`, `require("m")`, `await import("m")`.
    Namespace,
}

/// How a name is taken from a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AliasForm {
    /// In an import declaration.
    Import(ImportId),
    /// `import x = require("m")`.
    ImportEquals,
    /// `const x = require("m")`, `const ns = await import("m")`, `import("m").then((ns) => …)`.
    Variable,
    /// A property of a pattern: `const { X } = require("m")`, `const { X: y } = await import("m")`, `.then(({ X }) => …)`.
    Pattern,
    /// A member of it at once: `require("m").X`, `(await import("m")).X`, `import("m").T`, `lazy(() => import("m"))`, which takes
    /// `default`. It may be bound: `const x = require("m").X`, `type T = import("m").T`.
    Member,
    /// All of the module, used in a way that does not say which names: `import("m")` as an argument, `typeof import("m")`.
    Whole,
    /// A key of the object by which a test replaces the module: `jest.mock("m", () => ({ X: … }))`.
    Replacement,
}

/// An export entry.
#[derive(Clone, Debug)]
pub struct Export {
    /// The exported name: `default`, `export=` for `export = x`; `*` for a star.
    pub name: NameId,
    /// The place of the exported name, or of the keyword `default`, or of the star.
    pub name_span: Span,
    /// The specifier (`X as Y`) or the declaration.
    pub span: Span,
    /// The statement.
    pub statement: Span,
    /// What is exported.
    pub what: Exported,
    /// `type` stands before the name, or before all names.
    pub is_type_only: bool,
}

/// What an export entry exports.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exported {
    /// What a name of the file is bound to.
    Binding(BindingId),
    /// A name, possibly with members, as a value: `export default X`, `export = X`, `exports.X = y`.
    Use(UseId),
    /// The value of any other expression, or an anonymous function or class.
    Expression,
    /// A name of another module: `export { X } from "m"`.
    From {
        /// The module.
        request: RequestId,
        /// Its name there.
        imported: NameId,
        /// The name's place.
        imported_span: Span,
    },
    /// The object that has all exports of a module: `export * as ns from "m"`.
    Namespace(RequestId),
    /// All names of another module but `default`: `export * from "m"`.
    Star(RequestId),
}

/// A place that is not TypeScript.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// What is wrong, in the parser's words.
    pub message: Box<str>,
}

impl Facts {
    /// The names of an import declaration, with their ids.
    pub fn aliases_of(&self, import: &Import) -> impl Iterator<Item = (AliasId, &Alias)> {
        let (start, end) = import.aliases;
        (start..end).map(|index| (AliasId(index), &self.aliases[index as usize]))
    }

    /// The members behind a use.
    pub fn attributes_of(&self, used: &Use) -> &[Attribute] {
        let (start, end) = used.attributes;
        &self.attributes[start as usize..end as usize]
    }

    /// The declarations of a binding.
    pub fn declarations_of(&self, binding: &Binding) -> &[Declaration] {
        let (start, end) = binding.declarations;
        &self.declarations[start as usize..end as usize]
    }

    /// The module specifier of a request.
    pub fn specifier(&self, request: RequestId) -> &str {
        self.names.get(self.requests[request.index()].specifier)
    }

    /// What a scope itself binds a name to.
    pub fn bound_in(&self, scope: ScopeId, name: NameId) -> Option<BindingId> {
        let at = self.bindings.binary_search_by_key(&(scope, name), |binding| (binding.scope, binding.name)).ok()?;
        Some(BindingId::new(at))
    }

    /// What a name means in a scope; `None` for a global.
    pub fn lookup(&self, scope: ScopeId, name: NameId) -> Option<BindingId> {
        self.ancestors(scope).find_map(|scope| self.bound_in(scope, name))
    }

    /// What the file itself binds a name to.
    pub fn top_level(&self, name: &str) -> Option<BindingId> {
        self.bound_in(ScopeId::MODULE, self.names.find(name)?)
    }

    /// The scope and those around it, innermost first.
    pub fn ancestors(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |scope| self.scopes[scope.index()].parent)
    }

    /// Whether a scope's code runs only when a function is called.
    pub fn is_lazy(&self, scope: ScopeId) -> bool {
        self.ancestors(scope).any(|scope| self.scopes[scope.index()].kind == ScopeKind::Function)
    }

    /// The entries that export a name, which is not `*`; several only where declarations merge or the file is wrong.
    pub fn exports_of(&self, name: &str) -> impl Iterator<Item = (ExportId, &Export)> {
        let id = self.names.find(name);
        let entries = self.exports.iter().enumerate();
        entries.filter(move |(_, export)| Some(export.name) == id).map(|(at, export)| (ExportId::new(at), export))
    }

    /// The modules all of whose names the file exports.
    pub fn stars(&self) -> impl Iterator<Item = RequestId> {
        self.exports.iter().filter_map(|export| match export.what {
            Exported::Star(request) => Some(request),
            _ => None,
        })
    }
}
