from .continued import PLANS as PLANS
from .continued import prepare as prepare
from .documents import SOURCES as SOURCES
from .documents import texts as texts
from .documents import tokenize_documents as tokenize_documents
from .objectives import Bert as Bert
from .objectives import Roberta as Roberta
from .objectives import XLNet as XLNet
