//! Moving the definition itself, with every reference to it, or nothing.

use std::collections::BTreeSet;

use super::carried::{Carried, carry};
use super::held::{check_augmented, check_documented, check_members, check_namespaces, given_members};
use super::home;
use super::renamed::rename_in_place;
use crate::index::Index;
use crate::index::typescript::references::own_binding;
use crate::lang::typescript::facts::{
    Alias, AliasForm, AliasId, BindingId, BindingKind, DeclarationId, ExportId, Exported, Facts, Imported, Meaning,
    RequestKind, ScopeId, Use, UseForm,
};
use crate::lang::typescript::imports::{self, Becomes, Change, Name, Source};
use crate::lang::typescript::modules::Module;
use crate::lang::typescript::resolve::End;
use crate::lang::typescript::{collect, definitions, exports};
use crate::text::change::SourceChange;
use crate::text::edit::{Edit, TextEdit};
use crate::text::eol;
use crate::text::path::RepoPath;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::Context;
use crate::transform::finding::{Applicability, Bond, Evidence, Finding, Fix, Form, Outcome, Reason, Spelling};
use crate::transform::typescript::judge::{Verdict, describe};
use crate::transform::typescript::mocks;
use crate::transform::typescript::named::SymbolRef;
use crate::transform::typescript::relocate::{Home, Pair, Style, relocate};
use crate::transform::typescript::{View, refused};

/// Why a definition stays, with what stands in the way.
pub struct Stop {
    /// Why.
    pub reason: Reason,
    /// What stands in the way.
    pub evidence: Vec<Evidence>,
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self { reason, evidence: Vec::new() }
    }
}

/// A definition that is to move.
pub struct Moving<'m> {
    pub context: &'m Context<'m>,
    pub view: View<'m>,
    pub binding: BindingId,
    /// What only the definition uses and the old module does not export: it goes along.
    pub companions: Vec<BindingId>,
    /// The statements that give the definition members: they go along.
    pub members: Vec<Span>,
    pub from: &'m SymbolRef,
    pub to: &'m SymbolRef,
    /// Where it goes.
    pub place: RepoPath,
    pub shim: bool,
}

/// Moves a definition and rewrites every reference to it. Where one reference cannot be rewritten, and no shim is left for it, nothing
/// moves.
pub fn move_definition(context: &Context<'_>, from: &SymbolRef, to: &SymbolRef, style: Style, shim: bool) -> Vec<Finding> {
    let index = context.index;
    let code = index.typescript();
    let old = from.symbol(index);
    let Module::File(file) = old.module else { return Vec::new() };
    let view = View::open(index, file);
    let Some(place) = place(index, view.path, to) else { return Vec::new() };
    let Some(binding) = own_binding(code, file, &from.name) else {
        // A shim, or somebody's re-export, is what is left of a definition that has moved.
        return elsewhere(context, &view, from, to, style);
    };
    if matches!(view.facts.bindings[binding.index()].kind, BindingKind::Import(_)) {
        return elsewhere(context, &view, from, to, style);
    }
    let mut moving = Moving { context, view, binding, companions: Vec::new(), members: Vec::new(), from, to, place, shim };
    if *moving.view.path != moving.place {
        moving.gather();
    }
    let change = if *moving.view.path == moving.place { rename_in_place(&moving) } else { moving.change() };
    let pair = Pair {
        from: old,
        to: to.symbol(index),
        home: Home::Path(moving.place.clone()),
        brings: moving.brings(),
        spelled: (from.spelled(), to.spelled()),
        verdict: Verdict::same(),
    };
    let mut references = relocate(context, &[pair], style);
    // A replacement that stays replaces nothing any more; the code that it was for waits for a look.
    let stays = |finding: &Finding| match finding.outcome {
        Outcome::Left(reason) => !is_own(reason, finding) && reason != Reason::ReadersSplit,
        Outcome::Fix(_) => false,
    };
    let staying: Vec<Evidence> =
        references.iter().filter(|finding| stays(finding)).map(|finding| told(index, finding)).collect();
    let (change, reason) = match change {
        Ok(change) if staying.is_empty() || shim => change,
        Ok(_) => return vec![moving.finding(Outcome::Left(Reason::StillReferenced), staying)],
        Err(Stop { reason, evidence }) => return vec![moving.finding(Outcome::Left(reason), evidence)],
    };
    let wholes = if shim { Vec::new() } else { moving.wholes() };
    let reason = reason.or((!wholes.is_empty()).then_some(Reason::NotProved));
    let border = if *moving.view.path == moving.place { None } else { moving.border() };
    let reason = reason.or(border.as_ref().map(|border| border.reason));
    let evidence = wholes.into_iter().chain(border.map(|border| border.evidence).unwrap_or_default()).collect();
    references.retain(|finding| !matches!(finding.outcome, Outcome::Left(reason) if is_own(reason, finding)));
    bind(&moving, change, (reason, evidence), references)
}

/// Whether a reference is left because it stands where the definition was or goes: the move itself sees to the declarations there.
fn is_own(reason: Reason, finding: &Finding) -> bool {
    let is_declared = || finding.spelling.as_ref().is_none_or(|it| matches!(it.form, Form::Import | Form::Export));
    matches!(reason, Reason::InTarget | Reason::TargetChain) && is_declared()
}

fn told(index: &Index, finding: &Finding) -> Evidence {
    let file = index.snapshot().id(&finding.place.path);
    let role = finding.reason().map_or("reference", Reason::code);
    match file {
        Some(file) => View::open(index, file).quote(role, finding.place.span),
        None => Evidence { role, at: None, text: finding.message.clone() },
    }
}

/// The findings of a move, each of which needs all others.
fn bind(
    moving: &Moving<'_>,
    change: SourceChange,
    (reason, evidence): (Option<Reason>, Vec<Evidence>),
    references: Vec<Finding>,
) -> Vec<Finding> {
    let key = format!("move {}", moving.from.spelled());
    let fixes = || {
        references.iter().filter_map(|finding| match &finding.outcome {
            Outcome::Fix(fix) => Some(fix),
            Outcome::Left(_) => None,
        })
    };
    let split = references.iter().find_map(Finding::reason).filter(|reason| *reason == Reason::ReadersSplit);
    let doubt = reason.or_else(|| fixes().find_map(|fix| fix.reason)).or(split);
    let class = if doubt.is_some() { Applicability::Review } else { Applicability::Safe };
    let bond = Bond { settles: vec![key.clone()], needs: vec![key.clone()] };
    let own = Outcome::Fix(Fix { bond: bond.clone(), ..Fix::new(class, doubt, change) });
    let mut findings = vec![moving.finding(own, evidence)];
    findings.extend(references.into_iter().map(|mut finding| {
        if let Outcome::Fix(fix) = &mut finding.outcome {
            fix.applicability = class;
            fix.reason = fix.reason.or(doubt);
            fix.bond.settles.push(key.clone());
            fix.bond.needs.push(key.clone());
        }
        finding
    }));
    findings
}

/// What is left to do where the old module only passes the name on.
fn elsewhere(context: &Context<'_>, view: &View<'_>, from: &SymbolRef, to: &SymbolRef, style: Style) -> Vec<Finding> {
    let index = context.index;
    let code = index.typescript();
    let (old, new) = (from.symbol(index), to.symbol(index));
    let (was, is) = (code.resolve(&old), code.resolve(&new));
    if !was.is_same_object(&is) {
        if was.end == End::Unbound {
            return Vec::new();
        }
        let entry = view.facts.exports_of(&from.name).next().map(|(_, export)| export.name_span);
        let message = format!("{} moves to {}", from.spelled(), to.spelled());
        let spelling = Some(Spelling::of(Form::Definition));
        let outcome = Outcome::Left(Reason::DefinedElsewhere);
        let mut finding = view.finding(entry.unwrap_or(Span::at(0)), message, spelling, outcome);
        finding.evidence.push(describe(index, "defined", &was));
        return vec![finding];
    }
    let Some(home) = home(index, to) else { return Vec::new() };
    let spelled = (from.spelled(), to.spelled());
    let pair = Pair { from: old, to: new, home, brings: Vec::new(), spelled, verdict: Verdict::same() };
    relocate(context, &[pair], style)
}

/// The file that a symbol's module is, or will be.
fn place(index: &Index, old: &RepoPath, to: &SymbolRef) -> Option<RepoPath> {
    let name = &to.module.name;
    match index.typescript().modules().find(name) {
        Ok(Module::File(file)) => Some(index.snapshot().get(file).path.clone()),
        Ok(Module::Absent(_)) => None,
        Err(_) => {
            let ending = std::str::from_utf8(old.extension()?).ok()?;
            RepoPath::new(format!("{}.{ending}", name.trim_start_matches("./")))
        }
    }
}

impl Moving<'_> {
    /// A finding at the definition.
    fn finding(&self, outcome: Outcome, evidence: Vec<Evidence>) -> Finding {
        let span = self.declared().first().map_or(Span::at(0), |&id| self.view.facts.declarations[id.index()].name_span);
        let message = format!("{} moves to {}", self.from.spelled(), self.to.spelled());
        let mut finding = self.view.finding(span, message, Some(Spelling::of(Form::Definition)), outcome);
        finding.evidence = evidence;
        finding
    }

    /// Takes in what gives the definition members, what only the definition uses, and what only that uses.
    fn gather(&mut self) {
        let facts = self.view.facts;
        self.members = self.source().map(|source| given_members(&source, self.binding)).unwrap_or_default();
        loop {
            let regions = self.regions();
            let is_inside = |span: Span| regions.iter().any(|region| region.covers(span));
            let candidates = facts.uses.iter().filter(|used| is_inside(used.span)).filter_map(|used| used.binding);
            let is_private = |binding: &BindingId| {
                let bound = &facts.bindings[binding.index()];
                let is_exported = facts.exports.iter().any(|export| match export.what {
                    Exported::Binding(exported) => exported == *binding,
                    Exported::Use(used) => facts.uses[used.index()].binding == Some(*binding),
                    _ => false,
                });
                let is_declared = !matches!(bound.kind, BindingKind::Import(_)) && !bound.is_assigned;
                let is_known = *binding == self.binding || self.companions.contains(binding);
                bound.scope == ScopeId::MODULE && is_declared && !is_exported && !is_known
            };
            let is_only_here = |binding: &BindingId| {
                let declared = facts.declarations_of(&facts.bindings[binding.index()]);
                let is_own = |span: Span| declared.iter().any(|it| it.span.covers(span));
                let mut uses = facts.uses.iter().filter(|used| used.binding == Some(*binding));
                uses.all(|used| is_inside(used.span) || is_own(used.span))
            };
            let more: BTreeSet<BindingId> = candidates.filter(is_private).filter(is_only_here).collect();
            if more.is_empty() {
                return;
            }
            self.companions.extend(more);
        }
    }

    /// The declarations of all that moves.
    pub fn declared(&self) -> Vec<DeclarationId> {
        let bindings = std::iter::once(&self.binding).chain(&self.companions);
        bindings.flat_map(|&binding| declarations(self.view.facts, binding)).collect()
    }

    /// The bytes that move: whole statements, or one declarator of several.
    pub fn regions(&self) -> Vec<Span> {
        let declared = self.declared().into_iter().map(|id| &self.view.facts.declarations[id.index()]);
        let declared = declared.map(|it| if is_alone(self.view.facts, it.statement) { it.statement } else { it.span });
        declared.chain(self.members.iter().copied()).collect()
    }

    /// The concrete tree of the old module.
    pub fn source(&self) -> Result<Source<'_>, Stop> {
        let tree = self.context.index.tree(self.view.file, &self.view.text).ok_or(Reason::ParsersDisagree)?;
        Ok(Source { text: &self.view.text, facts: self.view.facts, tree })
    }

    /// What becomes of the old module and the new one, and why it is to be looked at.
    fn change(&self) -> Result<(SourceChange, Option<Reason>), Stop> {
        self.check()?;
        let carried = carry(self)?;
        let mut change = SourceChange::edit(self.view.path.clone(), self.leave(&carried)?);
        let arrival = self.arrive(&carried)?;
        change.union(&arrival).map_err(|_| Reason::ParsersDisagree)?;
        let barrels = self.barrels()?;
        change.union(&barrels).map_err(|_| Reason::ParsersDisagree)?;
        Ok((change, carried.doubt))
    }

    /// Whether the definition can leave at all.
    fn check(&self) -> Result<(), Stop> {
        let facts = self.view.facts;
        let binding = &facts.bindings[self.binding.index()];
        if !facts.errors.is_empty() {
            return Err(Reason::Unparsable.into());
        }
        if let Some(reason) = self.context.keeps(self.view.file).or_else(|| self.context.keeps_path(&self.place)) {
            return Err(reason.into());
        }
        if binding.is_assigned {
            return Err(Reason::ModuleState.into());
        }
        if binding.scope != ScopeId::MODULE || !facts.is_module {
            return Err(Reason::Conditional.into());
        }
        check_augmented(self)?;
        check_documented(self)?;
        check_namespaces(self)?;
        check_members(self)
    }

    /// The edits of the old module: the definition goes, with the imports that only it needed; what still uses it imports it.
    fn leave(&self, carried: &Carried) -> Result<TextEdit, Stop> {
        let facts = self.view.facts;
        let source = self.source()?;
        let dropped = self.dropped_exports();
        let entries: Vec<ExportId> = dropped.iter().map(|&at| ExportId::new(at)).collect();
        let lists = exports::removal(&source, &entries).map_err(refused)?;
        let statements = [&lists.statements[..], &self.members].concat();
        let mut edits = definitions::removal_with(&source, &self.declared(), &statements).map_err(refused)?;
        edits.extend(lists.edits);
        let mut change = Change::default();
        for (id, alias) in facts.aliases.iter().enumerate() {
            let id = AliasId::new(id);
            let is_only_here = |binding: BindingId| self.uses_outside(binding).next().is_none();
            if carried.aliases.contains(&id) && alias.local.is_some_and(is_only_here) {
                change.aliases.push((id, Becomes::Nothing));
            }
        }
        let local = facts.names.get(facts.bindings[self.binding.index()].name).to_owned();
        let specifier = self.specifier_from(self.view.path, &self.place, carried.style.as_deref())?;
        let needed = self.needed();
        if !needed.is_empty() {
            let is_value = needed.iter().any(|&at| facts.uses[at].meaning.intersects(Meaning::VALUE));
            change.added.push(Name {
                specifier: specifier.clone(),
                imported: self.to.name.clone(),
                local,
                is_type_only: !is_value && !facts.bindings[self.binding.index()].meaning.contains(Meaning::VALUE),
            });
        }
        edits.extend(imports::edits(&source, &change).map_err(refused)?);
        if self.shim {
            edits.push(self.shim_edit(&source, &specifier)?);
        }
        let edit = TextEdit::new(edits.clone()).map_err(|_| Reason::ParsersDisagree)?;
        let left = applied(&edit, &self.view.text);
        if collect(&left, self.view.path).is_module || !self.is_asked_for() {
            return Ok(edit);
        }
        // Whoever asks for it asks for a module.
        let eol = eol::line_ending(&self.view.text);
        let before = if left.is_empty() || left.ends_with(['\n', '\r']) { "" } else { eol };
        edits.push(Edit::insert(self.view.text.len() as u32, format!("{before}export {{}};{eol}")));
        TextEdit::new(edits).map_err(|_| Reason::ParsersDisagree.into())
    }

    /// Whether another file asks for the old module.
    fn is_asked_for(&self) -> bool {
        let code = self.context.index.typescript();
        let asks = |file: FileId| code.targets(file).iter().any(|target| target.module == Module::File(self.view.file));
        code.files().filter(|file| *file != self.view.file).any(asks)
    }

    /// The uses of a name that stay behind, by their indices.
    pub(super) fn uses_outside(&self, binding: BindingId) -> impl Iterator<Item = usize> {
        let regions = self.regions();
        let uses = self.view.facts.uses.iter().enumerate();
        uses.filter(move |(_, used)| used.binding == Some(binding) && !regions.iter().any(|region| region.covers(used.span)))
            .map(|(at, _)| at)
    }

    /// The uses for which the old module takes the definition from its new home.
    pub fn needed(&self) -> Vec<usize> {
        let dropped = self.dropped_exports();
        let is_needed = |at: &usize| match self.view.facts.uses[*at].form {
            UseForm::ExportSpecifier(export) => !dropped.contains(&export.index()),
            _ => true,
        };
        self.uses_outside(self.binding).filter(is_needed).collect()
    }

    /// The entries of lists of exports that export the definition under the name that moves.
    fn dropped_exports(&self) -> BTreeSet<usize> {
        let facts = self.view.facts;
        let is_listed = |span: Span| !self.regions().iter().any(|region| region.covers(span));
        let entries = facts.exports_of(&self.from.name).filter(|(_, export)| is_listed(export.span));
        entries.map(|(id, _)| id.index()).collect()
    }

    /// What is left under the old name.
    fn shim_edit(&self, source: &Source<'_>, specifier: &str) -> Result<Edit, Stop> {
        let (old, new) = (&self.from.name, &self.to.name);
        let names = if old == new { old.clone() } else { format!("{new} as {old}") };
        let is_value = self.view.facts.bindings[self.binding.index()].meaning.contains(Meaning::VALUE);
        let keyword = if is_value { "export" } else { "export type" };
        let text = format!("/** @deprecated Moved to `{}`. */\n{keyword} {{ {names} }} from '{specifier}';", self.to.spelled());
        definitions::insert(source, definitions::Spot::End, &text).map_err(|refusal| refused(refusal).into())
    }

    /// Where code has the old module as an object, and may read the name out of it: `jest.spyOn(module, "name")`.
    fn wholes(&self) -> Vec<Evidence> {
        let index = self.context.index;
        let code = index.typescript();
        let mut found = Vec::new();
        for file in code.files() {
            let (facts, targets) = (code.facts(file), code.targets(file));
            let is_old = |alias: &&Alias| targets[alias.request.index()].module == Module::File(self.view.file);
            let mut spans: Vec<Span> = Vec::new();
            // What a test does not replace of a module is what it is, there as here.
            let is_rest = |alias: &&Alias| mocks::is_rest(code, file, alias.request);
            for alias in facts.aliases.iter().filter(is_old).filter(|alias| !is_rest(alias)) {
                match (alias.form, alias.imported, alias.local) {
                    (AliasForm::Whole, ..) if facts.requests[alias.request.index()].kind != RequestKind::ImportType => {
                        spans.push(alias.span);
                    }
                    (_, Imported::Namespace, Some(local)) => {
                        let uses = facts.uses.iter().filter(|used| used.binding == Some(local));
                        let is_whole = |used: &&Use| used.attributes.0 == used.attributes.1;
                        spans.extend(uses.filter(is_whole).map(|used| used.span));
                    }
                    _ => {}
                }
            }
            if !spans.is_empty() {
                let view = View::open(index, file);
                found.extend(spans.into_iter().map(|span| view.quote("whole", span)));
            }
        }
        found
    }

    /// The barrels that brought the name by a star go on to bring it.
    fn barrels(&self) -> Result<SourceChange, Stop> {
        let index = self.context.index;
        let code = index.typescript();
        let mut change = SourceChange::default();
        if self.shim || self.from.name == "default" {
            return Ok(change);
        }
        for file in code.files().filter(|file| *file != self.view.file) {
            let targets = code.targets(file);
            let facts = code.facts(file);
            let Some(star) = facts.exports.iter().find(|export| match export.what {
                Exported::Star(request) => targets[request.index()].module == Module::File(self.view.file),
                _ => false,
            }) else {
                continue;
            };
            let brings_both = facts.stars().any(|request| self.leads_to_place(file, request.index()));
            if facts.exports_of(&self.from.name).next().is_some() || (brings_both && self.from.name == self.to.name) {
                continue;
            }
            if index.snapshot().get(file).path == self.place || self.context.keeps(file).is_some() {
                let reason = if index.snapshot().get(file).path == self.place { continue } else { Reason::OutOfScope };
                return Err(reason.into());
            }
            let view = View::open(index, file);
            let old = star_specifier(facts, star.what);
            let specifier = self.specifier_from(view.path, &self.place, old)?;
            change
                .union(&SourceChange::edit(view.path.clone(), self.beside_star(&view, star.statement, &specifier)?))
                .map_err(|_| Reason::ParsersDisagree)?;
        }
        Ok(change)
    }

    fn leads_to_place(&self, file: FileId, request: usize) -> bool {
        match self.context.index.typescript().targets(file)[request].module {
            Module::File(target) => self.context.index.snapshot().get(target).path == self.place,
            Module::Absent(_) => false,
        }
    }

    /// `export { X } from "…"` on a line of its own behind `export * from "…"`, written as that is.
    fn beside_star(&self, view: &View<'_>, statement: Span, specifier: &str) -> Result<TextEdit, Stop> {
        let text = &view.text[statement.range()];
        let quote = if text.contains('\'') { '\'' } else { '"' };
        let end = if text.ends_with(';') { ";" } else { "" };
        let (old, new) = (&self.from.name, &self.to.name);
        let names = if old == new { old.clone() } else { format!("{new} as {old}") };
        let is_value = self.view.facts.bindings[self.binding.index()].meaning.contains(Meaning::VALUE);
        let keyword = if is_value { "export" } else { "export type" };
        let eol = eol::line_ending(&view.text);
        let line = format!("{eol}{keyword} {{ {names} }} from {quote}{specifier}{quote}{end}");
        TextEdit::new(vec![Edit::insert(statement.end, line)]).map_err(|_| Reason::ParsersDisagree.into())
    }

    /// How a file would spell another, in the style of a specifier that it has.
    pub fn specifier_from(&self, from: &RepoPath, to: &RepoPath, like: Option<&str>) -> Result<String, Stop> {
        let modules = self.context.index.typescript().modules();
        let spelled = like.and_then(|like| modules.spell(from, to, like));
        let others: Vec<&str> = self.context.index.snapshot().id(from).map_or_else(Vec::new, |file| {
            let facts = self.context.index.typescript().facts(file);
            facts.requests.iter().map(|request| facts.names.get(request.specifier)).collect()
        });
        spelled.or_else(|| modules.spell_like(from, to, &others)).ok_or_else(|| Reason::NotImportable.into())
    }
}

fn star_specifier(facts: &Facts, what: Exported) -> Option<&str> {
    match what {
        Exported::Star(request) => Some(facts.specifier(request)),
        _ => None,
    }
}

/// The declarations of a binding.
pub fn declarations(facts: &Facts, binding: BindingId) -> impl Iterator<Item = DeclarationId> {
    let (start, end) = facts.bindings[binding.index()].declarations;
    (start..end).map(|at| DeclarationId::new(at as usize))
}

/// Whether a statement declares one name only.
fn is_alone(facts: &Facts, statement: Span) -> bool {
    let mut names = facts.declarations.iter().filter(|it| it.statement == statement).map(|it| it.binding);
    let first = names.next();
    names.all(|name| Some(name) == first)
}

/// The text that an edit makes.
pub fn applied(edit: &TextEdit, text: &str) -> String {
    String::from_utf8_lossy(&edit.apply(text.as_bytes())).into_owned()
}
