"""Documents of token ids, and a plan short enough for a test."""

from pyft.pretraining.continued import Plan
from pyft.pretraining.objectives import Bert, Roberta, XLNet

OBJECTIVES = {"bert": Bert, "roberta": Roberta, "xlnet": XLNet}
DOCUMENTS = [[[5, 6, 7], [8, 9]], [[10, 5]], [[6], [7, 8], [9, 10, 5]], [[5, 5, 6, 6, 7]]] * 4
SMALL = Plan(Bert, tokens=300, lr=1e-3, T=16, batch_size=4)
