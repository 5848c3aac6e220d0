"""All mutants of Part 4, by page, and the proofs that they are hunted with."""

from pyft.course.ch4_1_1_self_attention import mutants as self_attention
from pyft.course.ch4_1_2_multi_head_attention import mutants as multi_head
from pyft.course.ch4_1_3_feed_forward import mutants as feed_forward
from pyft.course.ch4_1_4_encoders import mutants as encoders
from pyft.course.ch4_2_1_cross_entropy import mutants as cross_entropy
from pyft.course.ch4_2_2_squared_loss import mutants as squared_loss
from pyft.course.ch4_3_1_adam import mutants as adam
from pyft.course.ch4_3_2_adamw import mutants as adamw
from pyft.mutation import Family, Mutant

PAGES = {
    "4.1.1": self_attention,
    "4.1.2": multi_head,
    "4.1.3": feed_forward,
    "4.1.4": encoders,
    "4.2.1": cross_entropy,
    "4.2.2": squared_loss,
    "4.3.1": adam,
    "4.3.2": adamw,
}
MUTANTS: dict[str, list[Mutant]] = {page: module.MUTANTS for page, module in PAGES.items()}
PROOFS: dict[str, dict[str, Family]] = {page: module.PROOFS for page, module in PAGES.items()}
