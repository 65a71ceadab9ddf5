//! The export entries of ES modules, and of TypeScript's `export =`.

use oxc_ast::ast::*;
use oxc_ast_visit::Visit;
use oxc_span::GetSpan;

use super::bound::Declared;
use super::names::Seen;
use super::path::Path;
use super::{Collector, Waiting, span};
use crate::lang::typescript::facts::{
    DeclarationKind, Export, ExportId, Exported, Meaning, RequestId, RequestKind, ScopeId, UseForm,
};
use crate::text::span::Span;

impl Export {
    fn implicit(declared: &Declared) -> Self {
        let fact = &declared.fact;
        Self {
            name: declared.name,
            name_span: fact.name_span,
            span: fact.span,
            statement: fact.statement,
            what: Exported::Binding(fact.binding),
            is_type_only: false,
        }
    }
}

impl<'a> Collector<'_> {
    /// Whether what is exported here is exported by the module, and not by a namespace or another module.
    fn is_own(&self) -> bool {
        self.scope() == ScopeId::MODULE
    }

    pub(super) fn add_export(&mut self, export: Export) -> ExportId {
        self.exports.push(export);
        ExportId::new(self.exports.len() - 1)
    }

    /// `export const a = …`.
    pub(super) fn export_declaration(&mut self, it: &ExportDeclaration<'a>) {
        if !self.is_own() {
            return;
        }
        let statement = span(it.span);
        let is_type_only = match &it.declaration {
            Declaration::TSImportEqualsDeclaration(import) => import.import_kind.is_type(),
            _ => false,
        };
        let inner = span(it.declaration.span());
        let found: Vec<(u32, Span)> = match &it.declaration {
            Declaration::VariableDeclaration(variables) => {
                let ids = variables.declarations.iter().flat_map(|declarator| {
                    let ids = declarator.id.get_binding_identifiers();
                    ids.into_iter().map(|id| (id.span.start, span(declarator.span))).collect::<Vec<_>>()
                });
                ids.collect()
            }
            declaration => declaration.id().map(|id| (id.span.start, inner)).into_iter().collect(),
        };
        for (start, place) in found {
            let Some(binding) = self.bound.declared_at(start) else { continue };
            let declared = self.bound.declarations(binding).iter().find(|declared| declared.fact.name_span.start == start);
            let Some(name_span) = declared.map(|declared| declared.fact.name_span) else { continue };
            let name = self.bound.bindings[binding.index()].name;
            self.add_export(Export { name, name_span, span: place, statement, what: Exported::Binding(binding), is_type_only });
        }
    }

    /// `export default …`.
    pub(super) fn export_default(&mut self, it: &ExportDefaultDeclaration<'a>) {
        let statement = span(it.span);
        let (id, place) = match &it.declaration {
            ExportDefaultDeclarationKind::FunctionDeclaration(it) => (it.id.as_ref(), it.span),
            ExportDefaultDeclarationKind::ClassDeclaration(it) => (it.id.as_ref(), it.span),
            ExportDefaultDeclarationKind::TSInterfaceDeclaration(it) => (Some(&it.id), it.span),
            expression => (None, expression.span()),
        };
        let binding = id.and_then(|id| self.bound.declared_at(id.span.start));
        if self.is_own() {
            let name = self.names.id("default");
            let export = self.add_export(Export {
                name,
                name_span: self.word(statement, "default"),
                span: span(place),
                statement,
                what: binding.map_or(Exported::Expression, Exported::Binding),
                is_type_only: false,
            });
            self.wait(export, it.declaration.as_expression());
        }
        match &it.declaration {
            // A name may stand for a type here.
            ExportDefaultDeclarationKind::Identifier(id) => {
                self.used(id.name.as_str(), id.span, &[], Seen::as_meaning(Meaning::ANY));
            }
            declaration => self.visit_export_default_declaration_kind(declaration),
        }
    }

    /// Notes that an export is what a name stands for, once it comes.
    pub(super) fn wait(&mut self, export: ExportId, value: Option<&Expression<'a>>) {
        let Some(value) = value else { return };
        let path = Path::new(value);
        if let Some(id) = path.name().filter(|_| path.is_plain()) {
            self.waiting.entry(id.span.start).or_default().push(Waiting::Export(export));
        }
    }

    /// A declaration file that is a module exports whatever it declares, unless an `export { … }`, `export =`, or `export default` of an
    /// expression says otherwise.
    pub(super) fn implicit_exports(&mut self, program: &Program<'a>) {
        let says_which = program.body.iter().any(|statement| match statement {
            Statement::ExportNamedDeclaration(_)
            | Statement::ExportFromDeclaration(_)
            | Statement::ExportAllDeclaration(_)
            | Statement::TSExportAssignment(_) => true,
            Statement::ExportDefaultDeclaration(it) => it.declaration.is_expression(),
            _ => false,
        });
        if says_which || !self.is_module || !program.source_type.is_typescript_definition() {
            return;
        }
        let is_own = |declared: &&Declared| {
            let fact = &declared.fact;
            declared.scope == ScopeId::MODULE && !fact.is_exported && fact.kind != DeclarationKind::Import
        };
        let implicit: Vec<Export> = self.bound.declared.iter().filter(is_own).map(Export::implicit).collect();
        self.exports.extend(implicit);
    }

    /// `export = …`.
    pub(super) fn export_assignment(&mut self, it: &TSExportAssignment<'a>) {
        let statement = span(it.span);
        if self.is_own() {
            let name = self.names.id("export=");
            let export = self.add_export(Export {
                name,
                name_span: self.word(statement, "="),
                span: span(it.expression.span()),
                statement,
                what: Exported::Expression,
                is_type_only: false,
            });
            self.wait(export, Some(&it.expression));
        }
        match &it.expression {
            Expression::Identifier(id) => {
                self.used(id.name.as_str(), id.span, &[], Seen::as_meaning(Meaning::ANY));
            }
            expression => self.visit_expression(expression),
        }
    }

    /// `export { a, b as c }`.
    pub(super) fn export_named(&mut self, it: &ExportNamedDeclaration<'a>) {
        let is_own = self.is_own();
        for specifier in &it.specifiers {
            let ModuleExportName::IdentifierReference(local) = &specifier.local else { continue };
            let mut seen = Seen::as_meaning(Meaning::ANY);
            let export = is_own.then(|| {
                let name = self.names.id(specifier.exported.name().as_str());
                self.add_export(Export {
                    name,
                    name_span: span(specifier.exported.span()),
                    span: span(specifier.span),
                    statement: span(it.span),
                    what: Exported::Expression,
                    is_type_only: it.export_kind.is_type() || specifier.export_kind.is_type(),
                })
            });
            seen.form = match export {
                Some(export) => UseForm::ExportSpecifier(export),
                None if local.span == specifier.exported.span() => UseForm::InnerExport,
                None => UseForm::Plain,
            };
            let used = self.used(local.name.as_str(), local.span, &[], seen);
            if let Some(export) = export {
                let binding = self.uses[used.index()].binding;
                self.exports[export.index()].what = binding.map_or(Exported::Use(used), Exported::Binding);
            }
        }
    }

    /// `export { a, b as c } from "m"`.
    pub(super) fn export_from(&mut self, it: &ExportFromDeclaration<'a>) {
        let is_type_only = it.export_kind.is_type();
        let request = self.export_request(&it.source, it.span, is_type_only);
        for specifier in it.specifiers.iter().filter(|_| self.is_own()).collect::<Vec<_>>() {
            let name = self.names.id(specifier.exported.name().as_str());
            let imported = self.names.id(specifier.local.name().as_str());
            self.add_export(Export {
                name,
                name_span: span(specifier.exported.span()),
                span: span(specifier.span),
                statement: span(it.span),
                what: Exported::From { request, imported, imported_span: span(specifier.local.span()) },
                is_type_only: is_type_only || specifier.export_kind.is_type(),
            });
        }
    }

    /// `export * from "m"`, `export * as ns from "m"`.
    pub(super) fn export_all(&mut self, it: &ExportAllDeclaration<'a>) {
        let is_type_only = it.export_kind.is_type();
        let request = self.export_request(&it.source, it.span, is_type_only);
        if !self.is_own() {
            return;
        }
        let statement = span(it.span);
        let star = self.word(statement, "*");
        let (name, name_span, place, what) = match &it.exported {
            Some(exported) => {
                let at = span(exported.span());
                let name = self.names.id(exported.name().as_str());
                (name, at, Span::new(star.start, at.end), Exported::Namespace(request))
            }
            None => (self.names.id("*"), star, star, Exported::Star(request)),
        };
        self.add_export(Export { name, name_span, span: place, statement, what, is_type_only });
    }

    fn export_request(&mut self, source: &StringLiteral<'a>, whole: oxc_span::Span, is_type_only: bool) -> RequestId {
        self.add_request(source.value.as_str(), span(source.span), RequestKind::Export, span(whole), is_type_only)
    }
}
