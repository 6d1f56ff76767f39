"""Names of other languages read by their own spelling, as British speakers say them: a table per language, a few rules each.

A language is tried only where its marks stand in the word. Letters are taken from the left, the longest rule first; a rule is
letters, a blank, their sounds ("-" for none). "^" in front means at the start of the word, "$" behind at its end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Language:
    """Rules of one spelling."""

    name: str
    marks: str
    """Expression: the word may be of this language."""
    rules: str
    """Separated by commas."""
    first: bool = False
    """Its reading is likelier than the English one where its marks stand."""

    @cached_property
    def _marks(self) -> re.Pattern[str]:
        return re.compile(self.marks)

    @cached_property
    def _table(self) -> tuple[dict[str, str], re.Pattern[str]]:
        pairs = [rule.split() for rule in self.rules.split(",")]
        table = {letters: "" if said == "-" else said for letters, said in pairs}
        ordered = sorted(table, key=lambda letters: (-len(letters), letters))
        return table, re.compile("|".join(ordered))

    def read(self, word: str) -> str | None:
        """Sounds of a word of a-z, or None where it has none of the language's marks."""
        if not self._marks.search(word):
            return None
        table, pattern = self._table
        said = []
        for hit in pattern.finditer(word):
            start, end = ("^" if hit.start() == 0 else ""), ("$" if hit.end() == len(word) else "")
            letters = hit.group()
            forms = (start + letters + end, start + letters, letters + end, letters)
            said.append(next((table[form] for form in forms if form in table), ""))
        return _DOUBLED.sub(r"\1", "".join(said))


_DOUBLED = re.compile(r"([bdfgklmnprstvwz])\1+")
_PURE = "a a,e ɛ,i i,o ɒ,u u,b b,d d,f f,g g,h h,k k,l l,m m,n n,p p,r r,s s,t t,v v,z z,j ʤ,w w,y j,x ks,q k,c k"
"""Vowels as they are in most languages but English."""

# fmt: off
LANGUAGES = (
    Language(
        "Polish",
        r"cz|sz|rz|prz|[wv]sk|[iy]ck[ia]|(?:ski|ska|cki|cka|dzki|czyk|czak|wicz|iak|ek|slaw|mir|jko)$|dz|^w[lrzs]|owi|wie|ciech|trz",
        _PURE
        + ",j j,y ɪ,y$ i,c ts,ck tsk,cz ʧ,sz ʃ,szcz ʃʧ,rz ʒ,prz pʃ,krz kʃ,trz tʃ,ch k,w v,w$ f,wsk fsk,ws fs,wk fk,wcz fʧ,dz dz,dzi ʤi,"
        "dzia ʤa,dzie ʤɛ,dzio ʤɒ,ci ʧi,cia ʧa,cie ʧɛ,cio ʧɒ,si si,sia ʃa,sie ʃɛ,sio ʃɒ,zi zi,zia ʒa,zie ʒɛ,zio ʒɒ,ni ni,nia nja,nie njɛ,"  # codespell:ignore sie
        "nio njɒ,ie jɛ,ia ja,io jɒ,iu ju,aj I,ej A,oj Y,au W,eu Au,x ks,o$ Q,e$ A,a$ ə,r$ ə",
        first=True,
    ),
    Language(
        "Polish in English mouths",
        r"(?:ski|ska|cki|cka|czyk|wicz|szcz|rzy|czak)",
        _PURE + ",j j,y ɪ,y$ i,c k,ck k,cz ʧ,sz ʃ,szcz ʃ,rz z,ch k,w w,ow W,dz z,ie i,ia iə,aj I,ej A,oj Y,czyk ʧɪk,ski ski,o Q,a$ ə,r$ ə",
    ),
    Language(
        "Irish",
        r"bh|mh|dh|fh|aoi|aoi|eoi|aigh|oigh|^sio|^sia|^ni[ac]|^caoi|^mai?re|ghn|een$|ogh|[ao]gh[ae]",
        _PURE
        + ",bh v,mh v,dh -,dh$ -,gh -,igh i,aigh i,oigh i,agha ɑ,ogha Q,aghe ɑ,fh -,th h,ch k,c k,s s,si ʃi,sio ʃɪ,sia ʃi,se ʃɛ,ea a,"
        "eo Q,eoi Q,ao i,aoi i,oi ɔ,ai a,ui ɪ,iu u,ua uə,ia iə,io ɪ,ei ɛ,ee i,een in,oo u,ou u,a$ ə,e$ ə,ugh u,ogh Q,y i,r$ ə,"
        "ar ɑ,or ɔ,ll l,nn n,rr r,tt t,ss s,dd d,ff f,ck k,mm m,sh ʃ",
    ),
    Language(
        "Welsh",
        r"ll[^aeiou]?|dd|ff|[bcdfghlmnprt]w[bcdfghlmnprty]|yn|^rh|wy|yf|eu|ys$|eir|ian$",
        _PURE
        + ",ll l,^ll l,dd ð,f v,ff f,ph f,th θ,ch k,c k,rh r,ng ŋ,w u,wy wɪ,w$ u,wa wa,we wɛ,wi wɪ,wo wɒ,y ɪ,y$ i,yw ju,u ɪ,ae I,ai I,au I,ei A,"
        "eu I,oe Y,oi Y,aw W,ew ɛu,ow Q,uw ju,ia ja,io jɒ,ie jɛ,si ʃ,sh ʃ,e ɛ,e$ ɛ,i ɪ,i$ i,a a,o ɒ,r$ ə,ar ɑ,er ɛr,j ʤ,nn n,rr r,tt t,ss s,mm m",
    ),
    Language(
        "South Asian",
        r"bh|dh|kh|jh|aa|(?:deep|preet|inder|jit|jeet|want|singh?|nath|raj|esh|ush|ani|dar|war|pal|wala|oor|eet|een|ul|ain|ari|hry)$|gh|[aeiou]v[aeiou]|sh[wrv]|ya$|ee|^ja[sg]|^gur|^har|^man|^sukh|^raj",
        _PURE
        + ",aa ɑ,a a,a$ ə,e ɛ,e$ A,ee i,i ɪ,i$ i,ia iə,oo u,o Q,ou u,u ʊ,u$ u,ai I,ay A,au W,ei A,y j,y$ i,bh b,dh d,gh g,kh k,jh ʤ,th t,ph f,ch ʧ,chh ʧ,"
        "c k,sh ʃ,sch ʃ,v v,w v,q k,x kʃ,er ə,ar ɑ,or ɔ,ur ʊə,ir ɪə,ara ɑrə,ari ɑri,ira ɪrə,ri ri,ra rɑ,ru ru,ro rQ,re rA,"
        "ng ŋg,ngh ŋ,ngh$ ŋ,ng$ ŋ,nk ŋk,r$ ə,ain An,an$ ɑn,am$ am,al$ ɑl,at$ ɑt,esh ɛʃ,esh$ ɛʃ,inder ɪndə,jit ʤɪt,nath nɑt,"
        "kk k,tt t,dd d,nn n,ll l,mm m,ss s,pp p,bb b,gg g,zz z,rr r",
    ),
    Language(
        "West African",
        r"kw|gb|kp|nw|nk|mb[aeiou]|^ng|^nn|^o[lk][aoue]|^ad[e]|^og[ub]|^ol[ua]|^chi|^ch[iu]k|chukw|eze|emek|wole|tunde|^a[yb][oi]|^ik[ec]|^ij|^ob[ia]|^uc?h|^em[ae]|^ok|^os[ae]|^am[ao]|^aki|yemi|wale|kunle|^ba[bm]|^fol|[aeiou][bdfgklmnprstwy][aeiou][bdfgklmnprstwy][aeiou]$",
        _PURE
        + ",e A,o Q,ch ʧ,sh ʃ,j ʤ,y j,gb b,^gb b,kp p,^ng əŋg,^nw ənw,^nk əŋk,^nn n,^mb əmb,ng ŋg,nk ŋk,nw nw,ai I,ay I,ei A,ao W,au W,oi Y,ie iA,ia iə,"
        "io iQ,ua uə,ue uA,c k,ph f,th t,kh k,a ɑ,i i,u u,an an,am am,on ɒn,om ɒm,un ʊn,um ʊm,en ɛn,em ɛm,in ɪn,im ɪm,or$ ɔ,ar$ ɑ,er$ ə,a$ ə,dd d,ss s,mm m,ff f",  # codespell:ignore ue
    ),
    Language(
        "Spanish and Portuguese",
        r"(?:ez|es|inho|inha|eira|eiro|ilva|antos|ndo|ario|osa)$|^j[ou][as]",
        _PURE + ",j h,ll j,ch ʧ,qu k,que kA,z z,z$ z,c k,ce sA,ci si,gue gA,gui gi,ei A,ou Q,au W,ai I,ia iə,io iQ,ie jɛ,a$ ə,o$ Q,e$ i,es$ ɛz,os$ ɒs,nh nj,lh lj,rr r,ss s,r$ ə,a a,o ɒ,e ɛ,h -",
    ),
)
# fmt: on


def foreign_readings(word: str) -> Iterator[tuple[str, bool]]:
    """How a word of a-z is said by the spelling of each language whose marks it has, and whether before the English way."""
    for language in LANGUAGES:
        said = language.read(word)
        if said:
            yield said, language.first
