"""BTF that several tests read."""

from __future__ import annotations

from ebee.btf.build import BtfBuilder
from ebee.btf.kinds import BTF_INT_BOOL, Member


def every_kind(byte_order: str = "little") -> tuple[bytes, dict[str, int]]:
    """Return a blob with a type of every kind, and the ids by a name of ours."""
    b = BtfBuilder(byte_order)
    ids: dict[str, int] = {}
    ids["int"] = b.add_signed("int", 4)
    ids["u8"] = b.add_int("unsigned char", 1)
    ids["bool"] = b.add_int("bool", 1, BTF_INT_BOOL, bits=8)
    ids["float"] = b.add_float("float", 4)
    ids["array"] = b.add_array(ids["int"], 3)
    ids["fwd"] = b.add_fwd("hidden")
    ids["fwd_union"] = b.add_fwd("veiled", is_union=True)
    ids["inner"] = b.add_struct("", 8, [Member("x", ids["int"], 0), Member("y", ids["int"], 32)])
    ids["choice"] = b.add_union("", 8, [Member("both", ids["inner"], 0), Member("", ids["inner"], 0)])
    ids["node"] = b.reserve()
    ids["node_ptr"] = b.add_ptr(ids["node"])
    members = [
        Member("next", ids["node_ptr"], 0),
        Member("", ids["choice"], 64),
        Member("numbers", ids["array"], 128),
        Member("low", ids["u8"], 224, 3),
        Member("high", ids["u8"], 227, 5),
    ]
    b.add_struct("node", 32, members, id=ids["node"])
    ids["node_t"] = b.add_typedef("node_t", ids["node"])
    ids["const"] = b.add_const(ids["node_t"])
    ids["volatile"] = b.add_volatile(ids["const"])
    ids["restrict"] = b.add_restrict(b.add_ptr(ids["volatile"]))
    ids["tagged"] = b.add_ptr(b.add_type_tag("user", ids["int"]))
    ids["color"] = b.add_enum("color", [("RED", 0), ("GREEN", 0xFFFFFFFF)])
    ids["shade"] = b.add_enum("shade", [("DARK", -1), ("LIGHT", 1)])
    ids["wide"] = b.add_enum64("wide", [("FAR", 1 << 40), ("NEAR", 1)])
    ids["deep"] = b.add_enum64("deep", [("DOWN", -(1 << 40))])
    ids["proto"] = b.add_func_proto(ids["int"], [("n", ids["node_ptr"]), ("", 0)])
    ids["func"] = b.add_func("visit", ids["proto"])
    ids["var"] = b.add_var("root", ids["node"])
    ids["datasec"] = b.add_datasec(".data", 32, [(ids["var"], 0, 32)])
    ids["decl_tag"] = b.add_decl_tag("entry", ids["func"], 0)
    return b.encode(), ids
