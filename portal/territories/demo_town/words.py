"""Words that invented street and place names are made of. None of the persons exists."""

from __future__ import annotations


def _by_space(text: str) -> list[str]:
    return text.split()


def _by_bar(text: str) -> list[str]:
    return text.split("|")


TOWN_NAME = "Valmarin-sur-Orle"
RIVER_NAME = "Orle"
INSEE_CODE = "00123"  # no French commune has a code that begins with 00
POSTCODE = "00120"
TOWN_LON, TOWN_LAT = 2.05, 47.40

FIRST_NAMES = _by_space(
    "Adèle Adrien Agathe Albert Alice Aline Alphonse Amélie Anatole André Angèle Antoine Armand Armelle Auguste "
    "Augustin Aurore Basile Berthe Blanche Camille Casimir Cécile Célestin Clémence Clotilde Constant Cyprien Denise "
    "Désiré Edmée Éloi Émilien Ernest Estelle Eugénie Faustine Félicien Fernand Firmin Florent Gaspard Germaine "
    "Gilberte Gustave Hélène Henriette Honorine Hortense Hubert Irène Isidore Jeanne Joachim Joseph Jules Juliette "
    "Lazare Léon Léonie Léopold Louise Lucien Lucile Madeleine Marcel Marceline Marguerite Marius Martial Mathilde "
    "Maxime Nestor Noémie Octave Odette Odile Ondine Pauline Philomène Prosper Raymonde René Rosalie Rose Sidonie "
    "Simone Solange Suzanne Sylvain Théodore Ursule Valentin Victorine Virgile Yvonne Zélie"
)

SURNAME_STARTS = _by_space(
    "Bar Bel Bert Bois Bonn Bri Cham Chan Char Clav Cor Cour Dau Del Des Dom Dor Dur Fab Fau Fon Four Gal Gar Ger "
    "Gran Gui Haut Jar Jon Lam Lar Lav Lor Mar Maur Mer Mon Mor Nar Or Par Per Pon Pra Quin Rem Ren Rou Sal Sar Sau "
    "Ser Sor Tal Tar Ther Tour Val Var Ver Vil"
)
SURNAME_ENDS = _by_space(
    "bault beau bert bray cey court deau don dier faut gard geon gnac guet lain lery lier lieu mont nay net nier "
    "quin rac rand ray reau ron sac san seau sier tel tier tin trand vain val vaux ville vin zac"
)

CRAFTS = _by_space(
    "Tanneurs Tisserands Bouchers Drapiers Tonneliers Charrons Potiers Cordiers Selliers Fèvres Verriers Chaudronniers "
    "Orfèvres Cloutiers Meuniers Bateliers Teinturiers Pelletiers Corroyeurs Lavandières Changeurs Écrivains "
    "Parcheminiers Ferronniers Couteliers Vanniers Boulangers Poissonniers Merciers Chapeliers Sabotiers Carriers "
    "Maçons Couvreurs Tourneurs Brodeuses Fileuses Vignerons Maraîchers Passeurs Pêcheurs Sauniers Sergents Échevins "
    "Arbalétriers Veilleurs Hallebardiers Cordeliers Carmes Ursulines Dames Trois-Maries Quatre-Vents Deux-Ponts "
    "Vieilles-Halles Petits-Murs Grands-Degrés Remparts Fossés Arcades Étuves"
)
OLD_PLACES = _by_bar(
    "de la Halle|du Puits-d’Argent|de la Tour|du Four-Banal|de la Poterne|du Cloître|de la Chantrerie|du Vieux-Marché|"
    "de la Monnaie|du Chapitre|de la Commanderie|du Pilori|de la Licorne|du Cheval-Blanc|de l’Écu|du Lion-d’Or|"
    "de la Croix-Blanche|de l’Abreuvoir|du Moulin|de la Fontaine|du Guet|de la Barre|du Pressoir|de l’Arche|"
    "du Grenier-à-Sel|de l’Étoile|du Dauphin|de la Salamandre|du Porche|de l’Horloge|de la Juiverie|du Beffroi"
)
SAINTS = _by_space(
    "Saint-Aubert Saint-Éloi Saint-Fiacre Saint-Maur Sainte-Ursule Saint-Lubin Saint-Cyr Sainte-Barbe Saint-Vrain "
    "Saint-Mesmin Sainte-Radegonde Saint-Aignan Saint-Phal Sainte-Solange Saint-Potentien"
)
NATURE = _by_space(
    "Acacias Alouettes Amandiers Anémones Aubépines Bleuets Bouleaux Bouvreuils Bruyères Campanules Capucines Cèdres "
    "Cerisiers Charmes Châtaigniers Chênes Chèvrefeuilles Clématites Cognassiers Colchiques Coquelicots Dahlias "
    "Églantines Épicéas Érables Fauvettes Fougères Frênes Fusains Genêts Glaïeuls Glycines Grives Groseilliers Hêtres "
    "Hirondelles Hortensias Houx Iris Jacinthes Jasmins Jonquilles Lavandes Lilas Lis Loriots Marguerites Marronniers "
    "Mélèzes Merisiers Mésanges Mimosas Mûriers Muguets Myosotis Narcisses Noisetiers Noyers Œillets Ormes Orchidées "
    "Pâquerettes Pensées Peupliers Pinsons Pivoines Platanes Poiriers Pommiers Primevères Pruniers Renoncules Rosiers "
    "Rossignols Sarcelles Saules Sorbiers Sureaux Tilleuls Tourterelles Trembles Troènes Tulipes Verdiers Violettes"
)
INDUSTRY = _by_bar(
    "de l’Industrie|de l’Artisanat|des Forges|des Fonderies|de la Verrerie|des Tuileries|du Fret|de l’Entrepôt|"
    "des Transporteurs|des Mécaniciens|de la Cimenterie|des Ateliers|de la Minoterie|des Silos|du Triage|"
    "de la Filature|des Câbleries|de la Sucrerie|des Tréfileries|de la Papeterie|des Laminoirs|de la Scierie"
)
VILLAGES = _by_space(
    "Brézolles-la-Haie Courtemiche Fontvaux Marcilly-le-Preux Nozérieux Orsonville-aux-Bois Pressigneau Roncevilliers "
    "Saint-Aubert-des-Prés Thorignac Vaucelin Villebraye Champrenaud Lorvigny Aubréville-le-Gué Montcérand "
    "Bois-Garnault Esclavigny Ferrolles-Neuves Guimerval"
)
COUNTRY = _by_bar(
    "des Prés|du Bois-Joli|de la Garenne|des Vignes|du Gué|des Longs-Réages|de la Plaine|du Lavoir|des Carrières|"
    "de la Croix-Rouge|du Moulin-à-Vent|des Sablons|de la Fosse-aux-Loups|du Clos|des Marnières|de la Butte|"
    "des Grands-Champs|de l’Ormeau|du Petit-Bois|des Pâtures|de la Bergerie|du Colombier"
)
VIRTUES = _by_bar(
    "de la République|de la Liberté|de la Concorde|de l’Avenir|de l’Union|des Libertés|de la Fraternité|de l’Égalité|"
    "de la Paix|du Progrès|de l’Espérance|des Nations|de la Résistance|de la Victoire|du Souvenir"
)
BRIDGES = _by_bar(
    "Vieux Pont|Pont Neuf|Pont des Bateliers|Pont Saint-Aubert|Pont de la Concorde|Pont des Lavandières|Pont du Gué|"
    "Pont de l’Île-aux-Aulnes|Pont des Trois-Arches|Pont de la Rocade|Pont du Moulin|Pont des Saules"
)
SUBURBS = _by_bar(
    "Vieille Ville|Faubourg Saint-Aubert|La Gare|Les Vignes-Hautes|Le Clos-Marin|Outre-Orle|Les Bruyères|"
    "La Croix-Blanche|Les Quatre-Vents|Le Moulin-Neuf|La Garenne|Les Marnières|Beauregard|La Saulaie|Le Grand-Pré|"
    "Les Forges|Champfleur|La Roseraie|Bellecour|Les Tilleuls|Le Coteau|Prévert-le-Bas|Montjoly|La Fontaine-aux-Moines"
)
SCHOOLS = _by_bar(
    "École des Tilleuls|École Rosalie-Valmont|École du Gué|École des Remparts|École Félicien-Darbault|"
    "École de la Saulaie|École Clotilde-Marvaux|École du Grand-Pré|École des Bruyères|École Sidonie-Talbert"
)
