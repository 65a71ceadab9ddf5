//! What gets another name, what keeps its, and what stands in the way.

use super::*;
use crate::lang::typescript::imports::testing::edited;

/// Gives `Old`, wherever the file first declares it, the name `New`.
fn renamed(text: &str, new: &str) -> Result<String, Vec<Obstacle>> {
    edited(text, |source| {
        let facts = source.facts;
        let is_it = |binding: &Binding| matches!(facts.names.get(binding.name), "Old" | "old" | "mockOld");
        let id = BindingId::new(facts.bindings.iter().position(is_it).unwrap());
        let renaming =
            rename(source, id, new, &|_| false).map_err(|kept| kept.iter().map(|kept| kept.obstacle).collect::<Vec<_>>())?;
        Ok(renaming.declarations.into_iter().chain(renaming.uses).collect())
    })
}

#[track_caller]
fn check(before: &str, after: &str) {
    let module = |text: &str| format!("export {{}}\n{text}");
    assert_eq!(renamed(&module(before), "New"), Ok(module(after)), "{before}");
}

#[test]
fn declarations_and_uses_get_the_name() {
    check("const Old = 1\nf(Old, Old.x, x.Old)\n", "const New = 1\nf(New, New.x, x.Old)\n");
    check("const Old = 1\nf({ Old, Old: 2, x: Old })\n", "const New = 1\nf({ Old: New, Old: 2, x: New })\n");
    check(
        "const Old = () => <a/>\nx = <Old a={Old}><Old.B/></Old>\n",
        "const New = () => <a/>\nx = <New a={New}><New.B/></New>\n",
    );
    check(
        "interface Old {}\nclass Old {}\nlet x: Old | typeof Old\nexport {}\n",
        "interface New {}\nclass New {}\nlet x: New | typeof New\nexport {}\n",
    );
    check("import { Old } from 'a'\nOld()\n", "import { Old as New } from 'a'\nNew()\n");
    check("import { x as Old } from 'a'\nOld()\n", "import { x as New } from 'a'\nNew()\n");
    check("import Old from 'a'\nOld()\n", "import New from 'a'\nNew()\n");
    check("import * as Old from 'a'\nOld.x()\n", "import * as New from 'a'\nNew.x()\n");
    check("const { Old, a: { b } } = f()\nOld()\n", "const { Old: New, a: { b } } = f()\nNew()\n");
    check("const { Old = 1 } = f()\nOld()\n", "const { Old: New = 1 } = f()\nNew()\n");
    check("const Old = 1\nexport { Old, Old as x }\n", "const New = 1\nexport { New as Old, New as x }\n");
    check("const Old = 1\nexport { Old as New }\n", "const New = 1\nexport { New }\n");
    check(
        "declare module 'x' {\nimport { Old } from 'a'\nexport { Old, Old as b }\n}\n",
        "declare module 'x' {\nimport { Old as New } from 'a'\nexport { New as Old, New as b }\n}\n",
    );
    check("export default class Old {}\nOld\n", "export default class New {}\nNew\n");
}

#[test]
fn what_hides_the_name_keeps_it() {
    check("export const a = (Old: any) => Old\n", "export const a = (New: any) => New\n");
    check(
        "const Old = 1\n{ const Old = 2; f(Old) }\nf(Old)\nexport {}\n",
        "const New = 1\n{ const Old = 2; f(Old) }\nf(New)\nexport {}\n",
    );
}

#[test]
fn what_stands_in_the_way() {
    let cases = [
        ("export {}\nconst Old = 1\nconst New = 2\n", "New", Obstacle::Taken),
        ("export {}\nconst Old = 1\nfunction f(New: any) { return Old }\n", "New", Obstacle::Taken),
        ("export {}\nconst Old = 1\nNew()\n", "New", Obstacle::Taken),
        ("export {}\nfunction f() { const Old = 1; return New }\nconst New = 1\n", "New", Obstacle::Taken),
        ("export {}\nconst Old = 1\n", "class", Obstacle::NoName),
        ("export {}\nconst Old = 1\n", "a-b", Obstacle::NoName),
        ("export {}\nconst Old = () => <a/>\nx = <Old/>\n", "old", Obstacle::Jsx),
        ("const Old = 1\n", "New", Obstacle::Global),
        ("export {}\nenum E { Old, B = Old }\n", "New", Obstacle::Member),
        ("export class K { constructor(private Old: any) {} }\n", "New", Obstacle::Member),
        ("import { Old } from 'a'\nexport const Old = (x: Old) => x\n", "New", Obstacle::Shared),
        ("export const Old = 1\neval('Old')\n", "New", Obstacle::Eval),
        ("import 'a'\nconst mockOld = 1\njest.mock('a', () => ({ x: mockOld }))\n", "New", Obstacle::Mock),
        ("export const Old = 1\nconst x = 2\nexport { x as New }\n", "New", Obstacle::Taken),
    ];
    for (text, new, obstacle) in cases {
        assert_eq!(renamed(text, new), Err(vec![obstacle]), "{text}");
    }
    let apart = "export {}\nconst Old = 1\nfunction f(New: any) { return New }\nfunction g() { return Old }\n";
    assert!(renamed(apart, "New").is_ok());
    assert!(renamed("function f() { const Old = 1; return Old }\n", "New").is_ok(), "no one else sees it");
}
