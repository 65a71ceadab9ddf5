//! The places that name a module.

use oxc_ast::ast::*;
use oxc_ast_visit::Visit;
use oxc_span::GetSpan;

use super::aliases::Taken;
use super::mocks::{factory, mock};
use super::names::Seen;
use super::path::{Member, Path, Root, literal, prefix};
use super::walk::place;
use super::{Collector, Waiting, span};
use crate::lang::typescript::facts::{
    Alias, AliasForm, AliasId, BindingId, BindingKind, Computed, Import, ImportId, Imported, Meaning, Mock, Request, RequestId,
    RequestKind, UseRole,
};
use crate::text::span::Span;

/// A call that asks for a module.
pub(super) struct Asked<'b, 'a> {
    pub(super) kind: RequestKind,
    /// What names the module.
    pub(super) source: &'b Expression<'a>,
    /// The call.
    pub(super) whole: Span,
    /// What the call gives is a promise of the module.
    pub(super) is_promise: bool,
    pub(super) call: Option<&'b CallExpression<'a>>,
    /// The second argument of `import`.
    pub(super) options: Option<&'b Expression<'a>>,
}

impl<'a> Collector<'_> {
    /// The request that an expression is, if it is one.
    pub(super) fn asked<'b>(&mut self, root: Root<'b, 'a>) -> Option<Asked<'b, 'a>> {
        match root {
            Root::Import(import) => Some(Asked {
                kind: RequestKind::Dynamic,
                source: &import.source,
                whole: span(import.span),
                is_promise: true,
                call: None,
                options: import.options.as_ref(),
            }),
            Root::Call(call) => {
                let source = call.arguments.first()?.as_expression()?;
                let (kind, is_promise) = self.asking(&call.callee)?;
                let kind = match kind {
                    RequestKind::Mock(Mock::Replace { .. }) => {
                        RequestKind::Mock(Mock::Replace { has_factory: factory(call).is_some() })
                    }
                    kind => kind,
                };
                Some(Asked { kind, source, whole: span(call.span), is_promise, call: Some(call), options: None })
            }
            _ => None,
        }
    }

    /// What a callee asks for, and whether it gives a promise.
    fn asking(&mut self, callee: &Expression<'a>) -> Option<(RequestKind, bool)> {
        let path = Path::new(callee);
        let names: Vec<&str> = path.members.iter().map(|member| member.name).collect();
        match path.root {
            Root::Name(id) if !path.is_awaited && path.keys.is_empty() => {
                if let Some(asked) = names.first().filter(|_| names.len() == 1).and_then(|name| mock(id, name)) {
                    return self.is_framework(id).then_some(asked);
                }
                let kind = match names[..] {
                    [] => RequestKind::Require,
                    ["resolve"] => RequestKind::Resolve,
                    _ => return None,
                };
                self.is_require(id).then_some((kind, false))
            }
            Root::Call(_) => {
                // `jest.mock("a").mock("b")`.
                let mut root = path.root;
                while let Root::Call(call) = root {
                    root = Path::new(&call.callee).root;
                }
                let Root::Name(id) = root else { return None };
                let name = names.first().filter(|_| names.len() == 1)?;
                let asked = mock(id, name)?;
                self.is_framework(id).then_some(asked)
            }
            Root::Other(Expression::ImportMeta(_)) => (names == ["resolve"]).then_some((RequestKind::Resolve, false)),
            _ => None,
        }
    }

    fn is_require(&mut self, id: &IdentifierReference<'a>) -> bool {
        match self.lookup(id, Meaning::VALUE) {
            Some(binding) => self.bound.is_require(binding),
            None => id.name == "require",
        }
    }

    /// Whether a name is the object of a test framework.
    fn is_framework(&mut self, id: &IdentifierReference<'a>) -> bool {
        match self.lookup(id, Meaning::VALUE) {
            Some(binding) => matches!(self.bound.module_of(binding), Some("@jest/globals" | "vitest")),
            None => true,
        }
    }

    /// Notes a request, what is taken of it, and walks what stands in it.
    pub(super) fn request(&mut self, asked: &Asked<'_, 'a>, path: &Path<'_, 'a>, taken: Taken<'_, 'a>) {
        let source = match asked.source.without_parentheses() {
            // `vi.mock(import("./m"))`.
            Expression::ImportExpression(import) if matches!(asked.kind, RequestKind::Mock(_)) => &import.source,
            source => source,
        };
        let found = literal(source);
        match found {
            Some((specifier, at)) => {
                let request = self.add_request(specifier, at, asked.kind, asked.whole, false);
                self.take(request, asked, path, taken);
                if let Some(call) = asked.call
                    && matches!(asked.kind, RequestKind::Mock(Mock::Replace { .. }))
                {
                    self.replacements(request, call);
                }
            }
            None => self.compute(source, asked.kind),
        }
        self.is_module |= self.is_javascript && asked.kind == RequestKind::Require;
        self.links(path);
        match asked.call {
            Some(call) => {
                self.role = UseRole::Callee { is_awaited: path.awaits_root };
                self.visit_expression(&call.callee);
                self.role = UseRole::Value;
                call.type_arguments.iter().for_each(|arguments| self.visit_ts_type_parameter_instantiation(arguments));
                let skipped = usize::from(found.is_some());
                call.arguments.iter().skip(skipped).for_each(|argument| self.visit_argument(argument));
            }
            None if found.is_none() => self.visit_expression(source),
            None => {}
        }
        asked.options.iter().for_each(|options| self.visit_expression(options));
    }

    fn compute(&mut self, source: &Expression<'a>, kind: RequestKind) {
        let prefix = self.names.id(prefix(source));
        self.computed.push(Computed { span: place(source), kind, prefix });
    }

    pub(super) fn add_request(
        &mut self,
        specifier: &str,
        at: Span,
        kind: RequestKind,
        whole: Span,
        is_type_only: bool,
    ) -> RequestId {
        let specifier = self.names.id(specifier);
        self.requests.push(Request { specifier, span: at, kind, whole, scope: self.scope(), is_type_only });
        RequestId::new(self.requests.len() - 1)
    }

    /// `new URL("./x", import.meta.url)`: returns whether the first argument is a request.
    pub(super) fn url(&mut self, new: &NewExpression<'a>) -> bool {
        let Expression::Identifier(id) = &new.callee else { return false };
        let [source, base] = &new.arguments[..] else { return false };
        let (Some(source), Some(base)) = (source.as_expression(), base.as_expression()) else { return false };
        let base = Path::new(base);
        let is_own = matches!(base.root, Root::Other(Expression::ImportMeta(_)))
            && matches!(base.members[..], [url] if url.name == "url");
        if !is_own || !self.is_global(id, "URL") {
            return false;
        }
        match literal(source) {
            Some((specifier, at)) => {
                self.add_request(specifier, at, RequestKind::Url, span(new.span), false);
                true
            }
            None => {
                self.compute(source, RequestKind::Url);
                false
            }
        }
    }

    /// An import declaration.
    pub(super) fn import_declaration(&mut self, it: &ImportDeclaration<'a>) {
        let is_type_only = it.import_kind.is_type();
        let whole = span(it.span);
        let request =
            self.add_request(it.source.value.as_str(), span(it.source.span), RequestKind::Import, whole, is_type_only);
        let import = ImportId::new(self.imports.len());
        let start = self.aliases.len() as u32;
        for specifier in it.specifiers.iter().flatten() {
            let (imported, imported_span, local, own, is_own_type) = match specifier {
                ImportDeclarationSpecifier::ImportSpecifier(it) => {
                    let name = self.names.id(it.imported.name().as_str());
                    let at = span(it.imported.span());
                    (Imported::Name(name), at, &it.local, it.span, it.import_kind.is_type())
                }
                ImportDeclarationSpecifier::ImportDefaultSpecifier(it) => {
                    (Imported::Name(self.names.id("default")), span(it.local.span), &it.local, it.span, false)
                }
                ImportDeclarationSpecifier::ImportNamespaceSpecifier(it) => {
                    (Imported::Namespace, span(it.local.span), &it.local, it.span, false)
                }
            };
            let local = self.bound.declared_at(local.span.start);
            let alias = self.add_alias(Alias {
                request,
                imported,
                imported_span,
                local,
                span: span(own),
                form: AliasForm::Import(import),
                is_type_only: is_type_only || is_own_type,
            });
            self.bind(local, alias);
        }
        self.imports.push(Import { span: whole, request, aliases: (start, self.aliases.len() as u32), is_type_only });
    }

    /// `import x = require("m")`, `import X = ns.member`.
    pub(super) fn import_equals(&mut self, it: &TSImportEqualsDeclaration<'a>) {
        let local = self.bound.declared_at(it.id.span.start);
        let is_type_only = it.import_kind.is_type();
        match &it.module_reference {
            TSModuleReference::ExternalModuleReference(reference) => {
                let literal = &reference.expression;
                let kind = RequestKind::ImportEquals;
                let request = self.add_request(literal.value.as_str(), span(literal.span), kind, span(it.span), is_type_only);
                let alias = self.add_alias(Alias {
                    request,
                    imported: Imported::Namespace,
                    imported_span: span(it.id.span),
                    local,
                    span: span(it.span),
                    form: AliasForm::ImportEquals,
                    is_type_only,
                });
                self.bind(local, alias);
            }
            reference => {
                let start = reference.span().start;
                local.into_iter().for_each(|local| self.waiting.entry(start).or_default().push(Waiting::Alias(local)));
                self.module_reference(reference);
            }
        }
    }

    fn module_reference(&mut self, reference: &TSModuleReference<'a>) {
        match reference {
            TSModuleReference::IdentifierReference(id) => {
                self.used(id.name.as_str(), id.span, &[], Seen::as_meaning(Meaning::ANY));
            }
            TSModuleReference::QualifiedName(qualified) => self.qualified_name(qualified),
            TSModuleReference::ExternalModuleReference(_) => {}
        }
    }

    pub(super) fn add_alias(&mut self, alias: Alias) -> AliasId {
        self.aliases.push(alias);
        AliasId::new(self.aliases.len() - 1)
    }

    pub(super) fn bind(&mut self, local: Option<BindingId>, alias: AliasId) {
        if let Some(local) = local {
            self.kinds.insert(local, BindingKind::Import(alias));
        }
    }

    /// `declare module "m"`.
    pub(super) fn augmentation(&mut self, it: &TSExternalModuleDeclaration<'a>) {
        self.add_request(it.id.value.as_str(), span(it.id.span), RequestKind::Augmentation, span(it.span), true);
    }

    /// `import("m").T` in a type.
    pub(super) fn import_type(&mut self, it: &TSImportType<'a>, local: Option<BindingId>) {
        let request =
            self.add_request(it.source.value.as_str(), span(it.source.span), RequestKind::ImportType, span(it.span), true);
        let mut first = it.qualifier.as_ref();
        let is_single = matches!(first, Some(TSImportTypeQualifier::Identifier(_)));
        while let Some(TSImportTypeQualifier::QualifiedName(qualified)) = first {
            first = Some(&qualified.left);
        }
        let local = local.filter(|_| is_single);
        let (imported, imported_span, form) = match first {
            Some(TSImportTypeQualifier::Identifier(id)) => {
                (Imported::Name(self.names.id(id.name.as_str())), span(id.span), AliasForm::Member)
            }
            _ => (Imported::Namespace, span(it.span), AliasForm::Whole),
        };
        let alias =
            self.add_alias(Alias { request, imported, imported_span, local, span: span(it.span), form, is_type_only: true });
        self.bind(local, alias);
        it.type_arguments.iter().for_each(|arguments| self.visit_ts_type_parameter_instantiation(arguments));
    }

    /// `(typeof import("m"))["X"]`; returns whether the type is that.
    pub(super) fn indexed_import(&mut self, it: &TSIndexedAccessType<'a>) -> bool {
        let mut object = &it.object_type;
        while let TSType::TSParenthesizedType(inner) = object {
            object = &inner.type_annotation;
        }
        let TSType::TSTypeQuery(query) = object else { return false };
        let TSTypeQueryExprName::TSImportType(import) = &query.expr_name else { return false };
        let TSType::TSLiteralType(index) = &it.index_type else { return false };
        let TSLiteral::StringLiteral(name) = &index.literal else { return false };
        if import.qualifier.is_some() {
            return false;
        }
        let kind = RequestKind::ImportType;
        let request = self.add_request(import.source.value.as_str(), span(import.source.span), kind, span(import.span), true);
        let imported = Imported::Name(self.names.id(name.value.as_str()));
        self.add_alias(Alias {
            request,
            imported,
            imported_span: span(name.span),
            local: None,
            span: span(it.span),
            form: AliasForm::Member,
            is_type_only: true,
        });
        true
    }

    /// `/// <reference path="…" />` before anything else.
    pub(super) fn references(&mut self, program: &Program<'a>) {
        let first = program.directives.first().map(|directive| directive.span.start);
        let first = first.or_else(|| program.body.first().map(|statement| statement.span().start));
        let leading: Vec<Span> =
            self.comments.iter().copied().filter(|comment| first.is_none_or(|first| comment.end <= first)).collect();
        for comment in leading {
            let text = &self.text[comment.range()];
            let Some(tag) = text.strip_prefix("///").map(str::trim_start).and_then(|tag| tag.strip_prefix("<reference")) else {
                continue;
            };
            let kinds = [(" path", RequestKind::ReferencePath), (" types", RequestKind::ReferenceTypes)];
            for (key, kind) in kinds {
                let Some(value) = attribute(tag, key) else { continue };
                let start = comment.end - tag.len() as u32 + value.start as u32;
                let at = Span::new(start, start + value.len() as u32);
                let specifier = self.text[at.range()].trim_matches(['"', '\'']).to_owned();
                self.add_request(&specifier, at, kind, comment, true);
            }
        }
    }

    pub(super) fn qualified_name(&mut self, qualified: &TSQualifiedName<'a>) {
        let mut members =
            vec![Member { name: qualified.right.name.as_str(), span: span(qualified.right.span), is_quoted: false }];
        let mut left = &qualified.left;
        while let TSTypeName::QualifiedName(inner) = left {
            let right = &inner.right;
            members.push(Member { name: right.name.as_str(), span: span(right.span), is_quoted: false });
            left = &inner.left;
        }
        members.reverse();
        if let TSTypeName::IdentifierReference(id) = left {
            let seen = Seen::as_meaning(Meaning::NAMESPACE);
            self.used(id.name.as_str(), id.span, &members, seen);
        }
    }
}

/// The place of an attribute's value, with its quotes.
fn attribute(tag: &str, key: &str) -> Option<std::ops::Range<usize>> {
    let after = tag.find(key)? + key.len();
    let rest = tag[after..].trim_start().strip_prefix('=')?.trim_start();
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let length = rest[1..].find(quote)? + 2;
    let start = tag.len() - rest.len();
    Some(start..start + length)
}
