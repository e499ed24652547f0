"""The form that describes a frame; it is sent in the URL, so that a filled-in form can be shared."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DateField, Form, HiddenField, IntegerField, RadioField, SelectField, TimeField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import NumberRange, Optional

from portal.visualiz.forms import believable
from portal.visualiz.onscreen import Layer
from portal.visualiz.widget.snippet import HIGHEST_PX, LOWEST_PX, USUAL_PX
from portal.visualiz.words import LAYER_NAMES
from portal.web.forms import CheckboxesField, Needed
from portal.web.locale import LANGUAGES

_VIEW = re.compile(r"\d{1,2}(/-?\d{1,3}(\.\d{1,7})?){2}")
NOW, CHOSEN = "maintenant", "choisi"


class FrameForm(Form):
    """What the frame shows, how high it is, in which language."""

    calques = CheckboxesField(
        _l("Contenu"),
        [Needed()],
        choices=[SelectChoice(layer.value, LAYER_NAMES[layer]) for layer in Layer],
        validate_choice=False,
    )
    quand = RadioField(
        _l("Moment montré"),
        [Needed()],
        choices=[
            SelectChoice(NOW, _l("Toujours l’heure qu’il est")),
            SelectChoice(CHOSEN, _l("Un jour choisi")),
        ],
        default=NOW,
    )
    jour = DateField(_l("Jour"), [Optional(), believable])
    heure = TimeField(_l("Heure"), [Optional()])
    hauteur = IntegerField(
        _l("Hauteur"),
        [
            Needed(),
            NumberRange(LOWEST_PX, HIGHEST_PX, _l("La hauteur va de %(min)s à %(max)s points.")),
        ],
        default=USUAL_PX,
        description=_l("En pixels. La largeur est celle de la page."),
    )
    langue = SelectField(
        _l("Langue"),
        [Needed()],
        choices=[SelectChoice(code, name) for code, name in LANGUAGES.items()],
        default="fr",
        validate_choice=False,
    )
    vue = HiddenField()

    @property
    def query(self) -> dict[str, Any]:
        """What the address of the frame says; what it leaves out is now, the whole town, all layers, French."""
        found: dict[str, Any] = {}
        layers = [layer.value for layer in Layer if layer.value in (self.calques.data or [])]
        if layers and len(layers) < len(Layer):
            found["calques"] = ",".join(layers)
        if self.quand.data == CHOSEN and self.jour.data is not None:
            found["jour"] = self.jour.data.isoformat()
            if self.heure.data is not None:
                found["heure"] = f"{self.heure.data:%H:%M}"
        if _VIEW.fullmatch(self.vue.data or ""):
            found["vue"] = self.vue.data or ""
        if self.langue.data in LANGUAGES and self.langue.data != "fr":
            found["langue"] = self.langue.data
        return found

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        # The map writes its layers as one text, the boxes of this page each by itself.
        named = [part for text in self.calques.data or [] for part in text.split(",")]
        self.calques.data = [layer.value for layer in Layer if layer.value in named] or [layer.value for layer in Layer]
        if not self.quand.raw_data and self.jour.data is not None:
            self.quand.data = CHOSEN
