//! What a definition takes along, what is left, and where it goes.

use super::*;
use crate::lang::typescript::imports::testing::edited;

fn named(source: &Source<'_>, names: &[&str]) -> Vec<DeclarationId> {
    let facts = source.facts;
    let bindings = names.iter().map(|name| facts.top_level(name).unwrap());
    bindings.map(|binding| DeclarationId::new(facts.bindings[binding.index()].declarations.0 as usize)).collect()
}

/// The text of `It` (and `And`), and what is left without.
fn taken(text: &str) -> Result<(String, String), Refusal> {
    let mut lines = Err(Refusal::ParsersDisagree);
    let rest = edited(text, |source| {
        let names: Vec<&str> = ["It", "And"].into_iter().filter(|name| source.facts.top_level(name).is_some()).collect();
        let ids = named(source, &names);
        lines = text_of(source, &ids, &[]);
        removal(source, &ids)
    })?;
    Ok((lines?, rest))
}

#[track_caller]
fn check(text: &str, lines: &str, rest: &str) {
    assert_eq!(taken(text), Ok((lines.to_owned(), rest.to_owned())), "{text}");
}

#[test]
fn a_definition_is_taken_with_its_comments_and_decorators() {
    check(
        "const a = 1;\n\n/** On it. */\n// eslint-disable-next-line x\nexport class It {\n  a = 1;\n} // end\n\nconst b = 2;\n",
        "/** On it. */\n// eslint-disable-next-line x\nexport class It {\n  a = 1;\n} // end",
        "const a = 1;\n\nconst b = 2;\n",
    );
    check("@dec\nexport class It {}\nconst b = 2;\n", "@dec\nexport class It {}", "const b = 2;\n");
    check("export default function It() {}\n", "export default function It() {}", "");
    check("import a from 'a'\n\nexport const It = a // why\n", "export const It = a // why", "import a from 'a'\n");
    check("a()\r\n\r\ntype It = 1\r\n\r\nb()\r\n", "type It = 1", "a()\r\n\r\nb()\r\n");
    check("/* Copyright */\nexport enum It { A }\nb()", "export enum It { A }", "/* Copyright */\nb()");
    check("a()\n\nfunction It() {}", "function It() {}", "a()");
    check("'use client'\nfunction It() {}\n\na()\n", "function It() {}", "'use client'\n\na()\n");
}

#[test]
fn all_declarations_of_a_name_go_together() {
    check(
        "function It(a: string): void\nfunction It(a: number): void\n// real\nfunction It(a: any) {}\n\na()\n",
        "function It(a: string): void\nfunction It(a: number): void\n// real\nfunction It(a: any) {}",
        "a()\n",
    );
    check(
        "export interface It { a: 1 }\nconst b = 1\nexport namespace It { export const c = 1 }\n",
        "export interface It { a: 1 }\n\nexport namespace It { export const c = 1 }",
        "const b = 1\n",
    );
    check("const It = 1;\n\nb();\n\nconst And = 2;\n", "const It = 1;\n\nconst And = 2;", "b();\n");
}

#[test]
fn one_declarator_of_several_goes_alone() {
    check("export const a = 1, It = 2, b = 3;\n", "export const It = 2;", "export const a = 1, b = 3;\n");
    check("let It = 2, b = 3\n", "let It = 2", "let b = 3\n");
    check("let a = 1,\n  It = 2\n", "let It = 2", "let a = 1\n");
    check("let It = 1, And = 2;\nb()\n", "let It = 1, And = 2;", "b()\n");
    check("const { It, And } = f()\nb()\n", "const { It, And } = f()", "b()\n");
}

#[test]
fn what_is_not_whole_lines_is_not_taken() {
    for text in ["a(); const It = 1\n", "const It = 1; a()\n", "const { It, b } = f()\n", "import It from 'a'\n"] {
        assert_eq!(taken(text), Err(Refusal::Form), "{text}");
    }
    // The semicolon is the declaration's.
    assert_eq!(taken("a()\nconst It = 1\n;(b)()\n"), Err(Refusal::Form));
    assert_eq!(taken("a\nfunction It() {}\n(b)()\n"), Err(Refusal::Form));
}

#[test]
fn a_definition_is_put_where_it_belongs() {
    let put =
        |text: &str, spot| edited(text, |source| Ok::<_, Refusal>(vec![insert(source, spot, "export const it = 1;\nit;")?]));
    let cases = [
        ("", "export const it = 1;\nit;\n"),
        ("\u{feff}", "\u{feff}export const it = 1;\nit;\n"),
        ("import a from 'a'\n", "import a from 'a'\n\nexport const it = 1;\nit;\n"),
        ("a()\r\n\r\n", "a()\r\n\r\nexport const it = 1;\r\nit;\r\n"),
        ("a()", "a()\n\nexport const it = 1;\nit;"),
    ];
    for (text, after) in cases {
        assert_eq!(put(text, Spot::End).as_deref(), Ok(after), "{text}");
    }
    let text = "import a from 'a'\n// on b\nb()\n";
    let at = Spot::Before(text.find("b()").unwrap() as u32);
    assert_eq!(put(text, at).as_deref(), Ok("import a from 'a'\n\nexport const it = 1;\nit;\n\n// on b\nb()\n"));
    assert_eq!(put("a(); b()\n", Spot::Before(5)), Err(Refusal::Form));
}
