//! Modules that have nothing but a docstring.

use tree_sitter::Node;

use crate::syntax::{self, Tree};

/// Whether a module has nothing but a docstring: comments, imports from `__future__`, an empty `__all__`, `pass`, and an empty
/// `if TYPE_CHECKING` with its import count as nothing. A text that is not a program has something.
pub fn is_empty(text: &str, tree: &Tree) -> bool {
    !tree.has_errors() && syntax::children(tree.root()).iter().all(|node| is_nothing(text, *node))
}

fn is_nothing(text: &str, node: Node<'_>) -> bool {
    let words = |node: Node<'_>| text[node.byte_range()].split_whitespace().collect::<Vec<_>>().join(" ");
    match node.kind() {
        "comment" | "pass_statement" | "future_import_statement" | ";" => true,
        "import_from_statement" => words(node) == "from typing import TYPE_CHECKING",
        "expression_statement" => match &syntax::children(node)[..] {
            [only] if only.kind() == "string" || only.kind() == "concatenated_string" => true,
            [only] if only.kind() == "assignment" => {
                let field = |name| only.child_by_field_name(name).map(words);
                field("left").as_deref() == Some("__all__") && matches!(field("right").as_deref(), Some("[]" | "()"))
            }
            _ => false,
        },
        "if_statement" => {
            let is_for_types = node.child_by_field_name("condition").map(words).as_deref() == Some("TYPE_CHECKING");
            let is_branch = |child: &Node<'_>| matches!(child.kind(), "elif_clause" | "else_clause");
            let block = node.child_by_field_name("consequence").map(syntax::children).unwrap_or_default();
            is_for_types && !syntax::children(node).iter().any(is_branch) && block.iter().all(|child| is_nothing(text, *child))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::syntax::{Grammar, parse};

    fn is_empty(text: &str) -> bool {
        super::is_empty(text, &parse(Grammar::Python, text).unwrap())
    }

    #[test]
    fn a_docstring_is_nothing() {
        for text in [
            "",
            "\"\"\"What it was.\"\"\"\n",
            "# a comment\nfrom __future__ import annotations\n\n__all__ = []\n__all__: list[str] = []\npass\n",
            "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    pass\n",
        ] {
            assert!(is_empty(text), "{text}");
        }
    }

    #[test]
    fn all_else_is_something() {
        for text in [
            "import os\n",
            "x = 1\n",
            "print()\n",
            "__all__ = ['x']\n",
            "__all__ = names\n",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import os\n",
            "if TYPE_CHECKING:\n    pass\nelse:\n    import os\n",
            "if x:\n    pass\n",
            "def broken(:\n",
        ] {
            assert!(!is_empty(text), "{text}");
        }
    }
}
