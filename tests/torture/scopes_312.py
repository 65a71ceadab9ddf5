"""What Python 3.12 added: type parameters, type aliases and f-strings in f-strings."""

outer = free = 1

type Plain = list[outer]
type Recursive[T] = T | list[Recursive[T]] | free
type Bounded[T: (outer, str), *Ts, **P] = Callable[P, tuple[T, *Ts, free]]


def generic[T: outer, *Ts, **P](a: T, *args: *Ts, b: P.args = free, **kwargs: P.kwargs) -> list[T]:
    T = a
    def inner[U: T](b: U = free) -> T: return T, U, outer
    return [T for T in args], lambda: (T, P, inner)


@decorated(lambda: free)
class Generic[T: "Later", U](Base[T], key=lambda: T, metaclass=U):
    attribute: T
    T2 = T
    outer = outer

    type Alias[V] = dict[V, outer] | T

    type Simple = tuple[outer, T, attribute]

    def method[W: outer](self, x: W, y: outer = outer) -> Generic[T]:
        return T, U, W, outer, self.attribute

    def plain(self) -> T:
        return T, outer

    __mangled = 1
    def mangling[__V: __mangled](self, x: __V) -> __V: return __V, __mangled

    class Inner[T](Outer[T, U]):
        value: T = outer
        def method(self): return T, U, value


def enclosing():
    outer = 2
    held = 3
    class Local[T: outer](Base[held]):
        outer = outer
        held = held
        def method[U: held](self: outer) -> held: return outer, held, T, U
        type Name[V: outer] = held | V
    type Value[T] = Local[T] | held
    def rebinds():
        nonlocal held
        global outer
        held = outer
        def generic[T: held](x: outer) -> held: return x
    return Value


def strings(inner):
    return f"{f"{outer!r}{inner["key"]}"}{'\n'.join(f"{x}" for x in inner)} {
        free  # a comment
        :>{f"{inner}"}}"


async def sneaky():
    return [[y async for y in x] for x in outer if (z := x)], z


class Comprehensions:
    outer = free
    found = [outer for item in outer if (lambda: item)]
    nested = {k: [v for v in k if outer] for k in free}
    def method(self): return [__class__ for _ in free]
