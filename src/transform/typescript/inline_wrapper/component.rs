//! Components that are another component: `const Old = (props) => <New {...props} />`, and what `<Old a={1} />` becomes.

use super::names::Caller;
use super::site::Draft;
use super::standin::{Called, Component, Own, Passes};
use crate::index::typescript::TypeScript;
use crate::lang::typescript::elements::Element;
use crate::lang::typescript::facts::UseForm;
use crate::lang::typescript::imports::Source;
use crate::lang::typescript::resolve::bound;
use crate::lang::typescript::template::Template;
use crate::text::snapshot::FileId;
use crate::text::span::Span;
use crate::transform::finding::Reason;

impl Own {
    /// Reads the wrapper as a component that hands on what it is given; `None` where it does anything else.
    pub(super) fn component(&self, code: TypeScript<'_>, file: FileId, template: &Template) -> Option<Component> {
        let source = Source { text: &self.text, facts: &self.facts, tree: &self.tree };
        let mut tags = self.facts.uses.iter().filter(|used| used.form == UseForm::JsxName && template.body.covers(used.span));
        let named = tags.next().filter(|used| used.span.start == template.body.start + 1)?;
        let element = Element::of(&source, named.span)?;
        let is_whole = element.span == template.body && tags.all(|used| element.names.contains(&used.span));
        let is_constant = element.attributes.iter().all(|attribute| attribute.is_literal);
        if !is_whole || !is_constant || template.signature.is_async || self.has_members() {
            return None;
        }
        let parameters = &template.signature.parameters[..];
        let is_it = |span: Span| {
            let used = self.facts.uses.iter().find(|used| used.span == span);
            parameters.first().is_some_and(|only| only.binding.is_some() && used.and_then(|used| used.binding) == only.binding)
        };
        let passes = match (parameters, &element.spreads[..], &element.children[..]) {
            ([], [], []) => Passes::Nothing,
            ([only], [spread], []) if only.key.is_none() && !only.is_rest && only.default.is_none() && is_it(*spread) => {
                // What stands behind would win over what is given.
                let is_last = element.attributes.iter().all(|attribute| attribute.span.end <= spread.start);
                is_last.then_some(Passes::Properties)?
            }
            ([only], [], [Some(child)]) if only.key.as_ref().is_some_and(|key| key.name == "children") && is_it(*child) => {
                only.default.is_none().then_some(Passes::Children)?
            }
            _ => return None,
        };
        let attributes = element.attributes.iter().map(|it| (it.name.clone(), self.text[it.span.range()].to_owned())).collect();
        let other = named.binding.and_then(|binding| bound(&code, file, binding).definition());
        let called = other.and_then(|definition| Called::read(code, definition));
        let said = self.signature.annotations.first().copied().flatten().map(|span| &self.text[span.range()]);
        let own = &self.text[named.span.range()];
        let of_other = [format!("ComponentProps<typeof {own}>"), format!("Parameters<typeof {own}>[0]")];
        let is_alike = passes == Passes::Nothing
            || said.is_some_and(|said| {
                let is_of_other = of_other.iter().any(|other| said.trim_start_matches("React.") == other);
                is_of_other
                    || called.is_some_and(|called| called.parameters.first().is_some_and(|it| it.as_deref() == Some(said)))
            });
        Some(Component { name: named.span, attributes, passes, is_alike })
    }

    /// Whether the file gives the wrapper members, such as `defaultProps`.
    fn has_members(&self) -> bool {
        let mut uses = self.facts.uses.iter().filter(|used| used.binding == Some(self.binding));
        uses.any(|used| {
            let attributes = self.facts.attributes_of(used);
            attributes.first().is_some_and(|attribute| self.facts.names.get(attribute.name) != "displayName")
        })
    }
}

/// What becomes of an element: the names of its tags change.
pub(super) fn draft(caller: &Caller<'_>, element: &Element, is_compared: bool) -> Result<Draft, Reason> {
    let bodies = caller.standin.bodies.as_ref().map_err(|reason| *reason)?;
    let body = bodies.first().ok_or(Reason::NoCase)?;
    let component = body.component.as_ref().ok_or(Reason::NotOneExpression)?;
    let is_given = |name: &str| element.attributes.iter().any(|attribute| attribute.name == name);
    // A function component does not get its `ref`.
    if is_given("ref") || component.attributes.iter().any(|(name, _)| is_given(name)) {
        return Err(Reason::NotProved);
    }
    let has_others = element.attributes.iter().any(|attribute| attribute.name != "key") || !element.spreads.is_empty();
    let has_children = !element.children.is_empty();
    match component.passes {
        Passes::Properties => {}
        Passes::Children if has_others || !has_children => return Err(Reason::ArgumentDropped),
        Passes::Nothing if has_others || has_children => return Err(Reason::ArgumentDropped),
        Passes::Children | Passes::Nothing => {}
    }
    let mut added = Vec::new();
    let used = body.facts.uses.iter().find(|used| used.span == component.name).ok_or(Reason::NotProved)?;
    let meant = body.names.get(&component.name.start).ok_or(Reason::NotOneExpression)?;
    let name = caller.spelled(body.facts.names.get(used.name), meant, &mut added)?;
    if name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err(Reason::NameTaken);
    }
    let constants: String = component.attributes.iter().map(|(_, text)| format!(" {text}")).collect();
    let reason = match () {
        () if !element.spreads.is_empty() => Some(Reason::NotProved),
        () if is_compared => Some(Reason::PassedOn),
        () => (!component.is_alike).then_some(Reason::SignatureDiffers),
    };
    Ok(Draft { text: format!("{name}{constants}"), closing: Some(name), added, reason })
}
