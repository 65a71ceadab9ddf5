//! What happens, in which order, while an expression is evaluated.

use tree_sitter::Node;

use super::{Event, named};
use crate::lang::typescript::calls::is_bound;
use crate::syntax;

/// What has been seen of an expression.
#[derive(Default)]
pub(super) struct Walker {
    pub events: Vec<Event>,
    pub has_jsx: bool,
}

impl Walker {
    /// Notes what happens while a node is evaluated; `None` where it cannot be put elsewhere.
    pub fn walk(&mut self, node: Node<'_>, is_sure: bool, is_bare: bool) -> Option<()> {
        match node.kind() {
            "identifier" | "shorthand_property_identifier" => {
                let span = syntax::span(node);
                self.events.push(Event::Read { span, is_sure, is_bare, is_spread: false, is_inner: false });
            }
            "string" | "number" | "true" | "false" | "null" | "undefined" | "regex" => {}
            "member_expression" => {
                let object = node.child_by_field_name("object")?;
                self.walk(object, is_sure, false)?;
                let is_chain = syntax::children(node).iter().any(|child| child.kind() == "optional_chain");
                self.events.push(if is_chain { Event::Effect } else { Event::Lookup(object.start_byte() as u32) });
            }
            "call_expression" => {
                self.walk(node.child_by_field_name("function")?, is_sure, false)?;
                let is_sure = is_sure && !syntax::children(node).iter().any(|child| child.kind() == "optional_chain");
                self.arguments(node.child_by_field_name("arguments")?, is_sure)?;
                self.events.push(Event::Effect);
            }
            "new_expression" => {
                self.walk(node.child_by_field_name("constructor")?, is_sure, false)?;
                if let Some(arguments) = node.child_by_field_name("arguments") {
                    self.arguments(arguments, is_sure)?;
                }
                self.events.push(Event::Effect);
            }
            "subscript_expression" => {
                self.walk(node.child_by_field_name("object")?, is_sure, false)?;
                self.walk(node.child_by_field_name("index")?, is_sure, true)?;
                self.events.push(Event::Effect);
            }
            "parenthesized_expression" => self.walk(*named(node).first()?, is_sure, true)?,
            "as_expression" | "satisfies_expression" | "non_null_expression" => {
                self.walk(*named(node).first()?, is_sure, false)?;
            }
            "binary_expression" => {
                let operator = node.child_by_field_name("operator")?;
                let is_short = matches!(operator.kind(), "&&" | "||" | "??");
                self.walk(node.child_by_field_name("left")?, is_sure, false)?;
                self.walk(node.child_by_field_name("right")?, is_sure && !is_short, false)?;
                if !is_short && !matches!(operator.kind(), "===" | "!==") {
                    self.events.push(Event::Effect);
                }
            }
            "unary_expression" => {
                self.walk(node.child_by_field_name("argument")?, is_sure, false)?;
                match node.child_by_field_name("operator")?.kind() {
                    "!" | "typeof" | "void" => {}
                    "delete" => return None,
                    _ => self.events.push(Event::Effect),
                }
            }
            "ternary_expression" => {
                self.walk(node.child_by_field_name("condition")?, is_sure, false)?;
                self.walk(node.child_by_field_name("consequence")?, false, false)?;
                self.walk(node.child_by_field_name("alternative")?, false, false)?;
            }
            "array" => {
                for element in named(node) {
                    self.element(element, is_sure)?;
                }
            }
            "object" => {
                for member in named(node) {
                    match member.kind() {
                        "pair" => {
                            if member.child_by_field_name("key")?.kind() == "computed_property_name" {
                                return None;
                            }
                            self.walk(member.child_by_field_name("value")?, is_sure, true)?;
                        }
                        _ => self.element(member, is_sure)?,
                    }
                }
            }
            "template_string" => {
                for part in named(node).into_iter().filter(|part| part.kind() == "template_substitution") {
                    self.walk(*named(part).first()?, is_sure, true)?;
                    self.events.push(Event::Effect);
                }
            }
            "await_expression" => {
                self.walk(*named(node).first()?, is_sure, false)?;
                self.events.push(Event::Effect);
            }
            "arrow_function" | "function_expression" => self.inside(node)?,
            "jsx_element" | "jsx_self_closing_element" => self.jsx(node, is_sure)?,
            _ => return None,
        }
        Some(())
    }

    /// Notes what a function inside reads when it runs; `None` where it has what means something else elsewhere.
    fn inside(&mut self, node: Node<'_>) -> Option<()> {
        match node.kind() {
            "this" | "super" | "meta_property" | "class" | "class_declaration" | "method_definition" => return None,
            kind if kind.starts_with("generator_") => return None,
            "type_annotation" | "type_arguments" | "type_parameters" => return Some(()),
            "identifier" | "shorthand_property_identifier" => {
                let (span, is_bare) = (syntax::span(node), !is_bound(node));
                self.events.push(Event::Read { span, is_sure: false, is_bare, is_spread: false, is_inner: true });
            }
            kind => self.has_jsx |= kind.starts_with("jsx_"),
        }
        syntax::children(node).into_iter().try_for_each(|child| self.inside(child))
    }

    /// Notes what happens while an element of JSX, or a part of one, is evaluated.
    fn jsx(&mut self, node: Node<'_>, is_sure: bool) -> Option<()> {
        self.has_jsx = true;
        let parts = named(node);
        match node.kind() {
            "jsx_element" | "jsx_self_closing_element" => {
                parts.into_iter().try_for_each(|part| self.jsx(part, is_sure))?;
                self.events.push(Event::Effect);
            }
            "jsx_opening_element" | "jsx_attribute" => parts.into_iter().try_for_each(|part| self.jsx(part, is_sure))?,
            // What stands between braces.
            "jsx_expression" => parts.into_iter().try_for_each(|part| self.element(part, is_sure))?,
            "identifier" | "member_expression" => self.walk(node, is_sure, false)?,
            "jsx_closing_element" | "jsx_text" | "string" | "property_identifier" | "html_character_reference" => {}
            _ => return None,
        }
        Some(())
    }

    fn element(&mut self, node: Node<'_>, is_sure: bool) -> Option<()> {
        match node.kind() {
            "spread_element" => {
                self.walk(*named(node).first()?, is_sure, false)?;
                self.events.push(Event::Effect);
                Some(())
            }
            _ => self.walk(node, is_sure, true),
        }
    }

    fn arguments(&mut self, list: Node<'_>, is_sure: bool) -> Option<()> {
        if list.kind() != "arguments" {
            return None;
        }
        for argument in named(list) {
            let inner = named(argument).first().copied().filter(|_| argument.kind() == "spread_element");
            match inner.filter(|inner| inner.kind() == "identifier") {
                Some(name) => {
                    let span = syntax::span(name);
                    self.events.push(Event::Read { span, is_sure, is_bare: true, is_spread: true, is_inner: false });
                }
                None => self.element(argument, is_sure)?,
            }
        }
        Some(())
    }
}
