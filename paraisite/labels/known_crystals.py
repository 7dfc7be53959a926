"""Elements and compounds known in simple structure types, and half-and-half members of solid solutions.

Each word is a crystal: its elements in the order of the slots of its type, so that ``NiAl`` under ``l1_2``, whose first
slot has three atoms, is Ni3Al. Lanthanides whose 4f electrons bind (Ce, Eu, Gd, Yb) are left out, but for one hydride;
for the others usual pseudopotentials keep these electrons in the core. So are elements beyond bismuth but for thorium
and uranium, and most compounds that antiferromagnetism holds together. Where a compound has the type at high
temperature, under pressure, in films or idealised only, it may turn out unstable: labels are refused then.

Source: Villars and Calvert, Pearson's Handbook of Crystallographic Data for Intermetallic Phases (1991); Hulliger,
Structural Chemistry of Layer-Type Phases (1976), 10.1007/978-94-010-1146-4.
"""

from typing import Final

ELEMENTS: Final = {
    "face_centred_cubic": "Al Ca Sr Ni Cu Rh Pd Ag Ir Pt Au Pb Th Ar Xe",
    "body_centred_cubic": "Li Na K Rb Cs Ba V Nb Ta Cr Mo W Fe",
    "hexagonal_close_packed": "Be Mg Sc Y Ti Zr Hf Re Ru Os Co Zn Cd Tl Lu Dy Er Ho Tm Tb",
    "double_hexagonal_close_packed": "La Pr Nd",
    "diamond": "Ge Sn",
    "arsenic": "As Sb Bi P",
    "selenium": "Se Te",
    "mercury": "Hg",
    "white_tin": "Sn",
    "indium": "In",
    "gallium": "Ga",
    "black_phosphorus": "P",
    "iodine": "I Br Cl",
    "omega_titanium": "Ti Zr Hf",
    "alpha_uranium": "U",
}
"""Of each type of elements; omega phases and rhombohedral phosphorus are known under pressure."""

COMPOUNDS: Final = {
    # carbides, nitrides, pnictides, hydrides
    "rocksalt": """
        TiC ZrC VC NbC TaC ThC UC TiN ZrN HfN VN NbN ScN YN LaN LuN ErN HoN DyN TbN NdN PrN SmN TmN ThN UN TiO
        CdO AgF CsF PdH NiH ScP ScAs ScSb ScBi YP YAs YSb YBi LaP LaAs LaSb LaBi LuP LuAs LuSb LuBi ErP ErAs
        ErSb ErBi DyP DyAs DySb NdP NdAs NdSb NdBi HoSb HoBi TbAs TbSb TmAs TmSb PrSb PrBi SmAs SmSb ThP ThAs
        ThSb ThS ThSe ScS YS LaS LuS ErS NdS YSe LaSe LaTe ErTe HoTe NdTe ZrS ZrP SnAs SnSb
    """,
    "zincblende": "HgS HgSe HgTe SnC BSb SnGe AlBi",
    "wurtzite": "CuH",
    "nickel_arsenide": """
        NiAs NiSb NiBi CoSb VS VSe VTe TiS TiSe TiTe ZrTe PtSn PtPb PtBi PdSb PdTe RhTe AuSn RhBi CoTe NiTe
        IrSb IrTe ScTe PdSn BPt
    """,
    "tungsten_carbide": "WC TaN MoP MoC WN MoN NbN ZrTe HfTe NbS RuB OsB LiRh ZrS TiS ScRh RuC OsC IrB",
    "fluorite": """
        ScH YH LaH PrH NdH SmH TbH DyH HoH ErH TmH LuH TiH ZrH HfH VH NbH CrH ThH SrCl ZrO HfO UO AuAl
        AuGa AuIn PtAl PtGa PtIn PtSn CoSi NiSi IrSn PrO UN
    """,
    "antifluorite": "MgSi MgGe MgSn MgPb BeB IrP RhP RhAs KO RbO LiTe KTe",
    "bismuth_trifluoride": "LiBi LiSb LiPb FeAl FeSi CsSb HLa HY HPr HNd HSm NaBi CuSb FeGa MnSi RbSb LiHg LiCd KSb",
    "rutile": "MgH RuO IrO OsO CrO TaO NbO ReO SnO GeO PbO RhO MgF ZnF NiF CoF FeF PdF",
    "rhenium_trioxide": "ScF AlF ReO WO NbF TaF UO TiF",
    "copper_nitride": "CuN NaN",
    "cuprite": "CuO AgO PbO AuO",
    "platinum_sulfide": "PtS PdO PtO PdS",
    "litharge": "SeFe SFe TeFe SnO PbO BiIn SCo SeCo SNi",
    "calcium_carbide": "CaC SrC BaC YC LaC NdC PrC ErC DyC UC KO RbO CsO CaO SrO",
    "niobium_monoxide": "NbO",
    "calcium_cyanamide": "CaCN MgCN CdCN NaNN MnCN SrCN NaHF ZnCN",
    "lithium_cyanamide": "LiCN NaCN",
    "sodium_mercurate": "NaHgO KHgO RbHgO CsHgO NaPdH LiPdH NaPtH",
    "lanthanum_sesquioxide": "LaO NdO PrO ThN",
    "lanthanum_oxysulfide": "LaSO YSO LuSO NdSO ErSO LaTeO LaSeO NdTeO ScSO ThSN BiSO PrSO",
    "magnesium_antimonide": "MgSb MgBi CaP",
    "perovskite": """
        BaLiH SrLiH EuLiH KMgH RbCaH CsCaH CaNiH SrPdH CaPdH BaPdH NaMgF KMgF KZnF KNiF KCoF KFeF RbZnF RbCoF
        RbMnF KMnF TlMnF TlCoF AgMgF AgZnF LiBaF CsCdF RbCdF TlCdF CsCaF CsHgF RbHgF RbCaF CsSrF CsCaCl CsHgCl
        CsSrCl CsPbF RbMgF NaZnF SrVO SrMoO SrNbO BaMoO BaNbO BaZrO BaHfO BaSnO KTaO CaVO NaWO SrFeO SrCoO
        BaThO
    """,
    "antiperovskite": """
        AlCTi AlCSc InCSc TlCSc AlCY InCLa SnCLa AlCFe ZnCFe SnCFe ZnCCo AlCCo MgCNi ZnCNi GaCNi AlCNi InCNi
        InNNi CuNNi ZnNNi GaNNi CdNNi NiNFe PdNFe PtNFe RhNFe GeNCr PtNCr RhNCr IrNCr InNSc AlNSc TlNTi PbCY
        ScBRh YBRh LaBRh LuBRh ErBRh ThBRh ScBPd YBPd LaBPd ScBIr BiNCa SbNCa PNCa AsNCa PbNCa SnNCa GeNCa
        AuNCa TlNCa AlNCa AsNMg SbNMg PNMg BiNSr SbNSr BiNBa SbNBa PbOCa SnOCa GeOCa PbOSr SnOSr GeOSr PbOBa
        SnOBa ClOLi BrOLi BrONa ClONa BrOK ClOK ISAg BrSAg
    """,
    "iron_nitride": "FeN MnN NiN CoN FeC CrN",
    # full and half Heusler alloys
    "heusler": """
        NiMnGa CuMnAl CoMnSi CoMnGe CoMnSn CoMnGa CoMnAl CoFeSi CoFeAl CoFeGa CoCrAl CoVAl CoTiAl CoTiSi
        CoTiGe CoTiSn CoTiGa CoZrSn CoZrAl CoHfSn CoHfAl CoHfGa CoNbSn CoVGa CoVSn FeVAl FeVGa FeTiSn FeCrAl
        FeMnSi RuVAl RuNbAl RuTaAl RuTiSi RuTiGe RuVGa RuNbGa RuTaGa RhMnGe RhMnSn RhMnPb RhMnAl NiTiAl NiZrAl
        NiHfAl NiNbAl NiTaAl NiVAl NiScAl NiTiSn NiZrSn NiHfSn NiScSn NiLuSn NiTiGa NiHfGa NiVGa NiNbSn NiMgSn
        NiMgSb NiMnSn NiMnSb NiMnIn PdScAl PdScSn PdYSn PdLuSn PdErSn PdTiAl PdTiSn PdZrAl PdZrIn PdHfAl
        PdHfIn PdTiIn PdMnSn PdMnSb PdMnIn AuMnAl CuMnSn CuMnIn CuTiAl CuZrAl CuHfAl CuScAl PdZrSn LiMgSn
        LiMgPb LiZnGe LiPdGe AgMgIn PdLiGe PdLiSn PdLiTl NiLiSn NiLiGe RhLiGe CuLiSn AgLiSn AuLiSn AgLiIn
        IrLiGe PdTmSn PdHoSn PdDySn AuTiAl AuZrAl IrHfAl OsTiAl PtMnAl FeNbGa LiAgPb LiAgSn LiAuSn MgLiTl
        MgLiPb
    """,
    "half_heusler": """
        SbNiMn SbPtMn SnPtMn SbRhMn SbCoMn SbAuMn SbCuMn SbNiMg BiNiMg SbCuMg BiCuMg AsAgMg SnAuMg SnCuMg
        SbPdLi SbPdMg BiPdMg SnPtMg SbPtMg AsAgCa SbAgCa BiAuCa BiCuLi SnAgLi SbAuMg InPtMg AlPtLi SiPtLi
        GaPtLi AlPdLi SiPdLi SnPtLi SnIrLi
    """,
    # two metals
    "cesium_chloride": """
        NiAl CoAl FeAl RuAl RhAl PdAl IrAl OsAl ScAl CoGa NiGa RhGa IrGa RuGa PdIn NiIn RhIn TiFe TiCo TiNi
        TiRu TiOs TiRh TiIr ZrCo ZrRu ZrOs ZrRh HfCo HfRu HfOs HfRh VRu VOs TaRu NbRu ScCo ScNi ScRu ScRh ScPd
        ScPt ScIr ScCu ScAg ScAu ScZn ScCd ScHg YCu YAg YAu YZn YCd YHg YIn YMg YRh YIr YTl LaAg LaCd LaZn
        LaMg LaHg LuCu LuAg LuAu LuZn LuCd LuRh LuPd LuIr ErCu ErAg ErAu ErZn ErRh DyCu DyAg DyZn HoCu HoRh
        TmCu TmAg TbCu TbAg NdAg NdMg PrMg PrZn SmAg SmMg TmRh ErMg MgAg MgAu MgHg MgSc MgTl MgRh MgPd CaHg
        CaCd CaTl CaIn CaPd SrCd SrHg SrTl SrMg BaCd BaHg LiAg LiAu LiHg LiTl LiPb BeCo BeNi BeCu BePd BeRh
        BeTi CuZn AgZn AuZn AgCd AuCd PdCd FeCo CuPd ThRe TlSb TlBi RbAu MnAu MnPd MnHg IrMn ReAl
    """,
    "sodium_thallide": "LiAl LiGa LiIn LiZn LiCd NaIn NaTl",
    "copper_gold": """
        CuAu TiAl TiGa FePt FePd CoPt NiPt MnAl MnGa PtZn PdZn PdCd PtCd PtHg PdHg NiZn MgIn TiRh VRh NbIr
        NbRh TaRh LiBi NaBi ZrHg TiHg VIr HfRh PdMg BiNi
    """,
    "copper_platinum": "CuPt",
    "l1_2": """
        NiAl NiGa NiGe NiSi NiFe NiMn NiPt CoTi CoTa CuAu AuCu CuPt CuPd PtTi PtV PtCr PtMn PtFe PtCo PtZn
        PtAl PtGa PtSn PtPb PtIn PtSc PtY PtLa PtTb PtEr PtZr PtMg PdSn PdPb PdIn PdY PdSc PdLu PdEr PdMn PdFe
        PdTi RhTi RhZr RhHf RhV RhNb RhTa RhSc RhTh IrTi IrZr IrHf IrV IrNb IrTa IrSc IrTh AlSc AlEr AlTm AlLu
        AlU AlLi AlTh AlZr AlHf GaSc GaLu GaEr GaTm GaU InLa InPr InNd InY InSc InEr InTb InDy InLu InU InTh
        SnLa SnPr SnU SnCa SnNa SnTh PbLa PbY PbCa PbNa PbEr PbTh PbPr TlLa TlCa TlY TlTh HgZr HgTi ZnTi ZnNb
        GeU SiU GeTh RuU RhU FeGe FeGa FePt ZrAl YAl LaIn LaTl LaSn LaGa PrIn MgIn TiHg TiIn CdPt BiSr BiCa
        CuAl PtU IrU CaTl CoAl VZn NbZn AgPt AgPd MnPt ThIn UPd GaNb AgMg CdAg AuCd ZrIn
    """,
    "titanium_trialuminide": """
        TiAl VAl NbAl TaAl HfGa TiGa NbGa TaGa VNi VPd NbPd TaPd NbNi VPt TaPt NbPt ZrHg ZrIn HfIn TiZn ZrAl
        HfAl ZrGa VGa
    """,
    "molybdenum_disilicide": "MoSi WSi ReSi AlCr MgHg CaHg YAu LuAu ErAu LaI PrI NdI YAg ErAg LuAg DyAu",
    "copper_dizirconium": """
        CuZr CuHf CuTi PdTi PdZr PdHf AgZr AgTi AgHf AuZr AuHf AuTi ZnTi CdTi CdZr ZnZr GaZr PtZr PdLi
    """,
    "aluminium_diboride": """
        MgB AlB TiB ZrB HfB VB NbB TaB CrB MoB ScB YB LuB ErB TmB HoB DyB TbB UB MnB AgB AuB USi ThSi CaGa
        SrGa BaGa LaGa YGa PrGa NdGa ThAl ThCu ThNi UHg NaHg LaCu ZrBe HfBe LaHg SrHg BaHg YSi LaSi ThGa UGa
        ThAg ThAu LiB BeB ThGe
    """,
    "calcium_pentacopper": """
        CaCu LaNi YNi CaNi YCo LaCo ThNi ThCo LaCu SrAg BaAg BaAu CaZn LaZn SrAu BaPd BaPt LaPt CaPt SrPd KAu
        RbAu YRh LaPd SrPt ErNi YZn NdNi PrNi BaCu SrCu SrZn LaIr LaRh ThIr ThFe SrRh ThZn
    """,
    "cobalt_stannide": "CoSn FeSn FeGe RhPb PtTl NiIn",
    "copper_dialuminide": """
        CuAl FeSn CoSn MnSn PdPb RhPb AuPb FeGe TiSb VSb AgIn BFe BCo BNi BMo BW BTa BMn CoZr NiZr FeZr RhZr
        NiHf CoHf RhHf IrZr NiTa AuNa CuTh AgTh ZnTh AlTh AuTh PdTh RhTh SiTa SiZr SiHf GeHf GeNb AlZr
    """,
    "chromium_boride": """
        CrB VB NbB TaB NiB MoB WB CaSi SrSi BaSi CaGe SrGe BaGe CaSn BaSn SrSn ZrNi HfNi ZrPt HfPt LaNi LaRh
        LaPd LuNi ThNi ThRh ThPt ThIr YSi ScSi YGe ErSi ScGe ThCo LaGa YGa ScGa HfAl ZrAl YAl ThAl CaAg YPd
        CaAu ThPd PrGa ErGe BaPb
    """,
    "thallium_iodide": "InBr InI TlF InCl",
    "zirconium_disilicide": "ZrSi HfSi ZrGe HfGe TiSi ErGe YGe ThGe UGe",
    "titanium_disilicide": "TiSi TiGe ZrSn TiSn RuAl RuGa OsAl",
    "cubic_laves": """
        CaAl YAl LaAl ScAl LuAl ErAl PrAl NdAl UAl ZrV HfV TaV ZrCr TiCr NbCr TaCr HfCr ZrCo HfCo NbCo TaCo
        TiCo YCo ScCo ErCo YFe ZrFe LuFe ErFe UFe UCo UMn ScNi YNi LaNi CaNi CaRh SrRh BaRh CaPt SrPt BaPt
        CaPd SrPd BaPd LaRh LaPt LaOs LaRu LaIr LaMg PrMg KBi RbBi CsBi NaAu NaPt NaAg PbAu BiAu ZrMo HfMo ZrW
        HfW ThOs ThIr ThRu ThRh YRh YPt YIr ScIr ZrIr HfIr ZrZn CaIr SrIr LiPt MgCu LuRh LuIr ErRh UIr UOs URu
        YMn ThMg LuNi BaMg TiBe NbBe VBe FeBe CuBe AgBe AuBe
    """,
    "copper_titanide": "CuTi CdTi CdZr AuTi AgZr AuHf AgTi CuHf AuZr GaZr PdTi",
    "gold_cadmium": "AuCd PdTi PtTi AuTi MgCd PtNb PtV IrMo IrW RhMo PtMo AgCd IrTi IrNb RhNb PtHf PdHf RhTa",
    "molybdenum_tetranickel": "MoNi WNi VAu CrAu TiAu MnAu TaNi TiPt ScAu ZrAu ZrPt LiAu VCu LuAu ErAu",
    "molybdenum_diplatinum": "MoPt VPt VNi VPd CrNi VRh TiPd NbPt WPt MoPd TiAu ZrAg",
    "dinickel_trialuminide": "NiAl PdAl PtAl NiGa PtGa NiIn PdIn PtIn CuAl PdGa AuAl PdTl IrAl RhAl CoAl",
    "rhenium_diboride": "ReB OsB WB",
    "osmium_diboride": "OsB RuB IrB",
    "calcium_diindium": "CaIn SrIn CaTl SrTl BaTl LaTl YTl BaIn SrCd",
    "cerium_dicadmium": "LaCd YCd PrCd NdCd LaHg ErCd ScCd ScHg YHg ThCd LuCd SmCd ErHg",
    "dinickel_indide": """
        NiIn CoGe LaIn LaTl PrIn TiGa ZrAl TiSn CuIn ZrIn ZrSn TiIn PdTl HfAl HfSn CaHg YIn LaAl PtTl NiGe
        CoSn
    """,
    "thorium_disilicide": "ThSi LaSi PrSi NdSi LaGe PrGe SrSi USi YSi CaSi",
    "lanthanum_platinum_silicide": """
        LaPtSi LaAlGe LaAlSi PrAlSi NdAlSi ThIrSi LaPtGe ThPtSi ThNiSi PrAlGe NdAlGe UPtSi LaIrSi ThAlSi
    """,
    "iron_disilicide": "FeSi CuGa FeGa HgMn CoSi",
    "barium_tetraaluminide": "BaAl SrAl LaAl SrGa BaGa LaGa BaIn PrGa SrIn YAl NdGa CaAl ThAl ThZn CaGa PrAl UAl",
    "copper_antimonide": "CuSb CrAs FeAs MnAs MnSb ScSb CuAs TiBi SbTh BiTh AsU",
    # three elements
    "thorium_chromium_silicide": """
        CaNiP CaFeP CaCoP SrNiP SrFeP BaFeAs SrFeAs CaFeAs BaNiAs SrRuP LaRuSi LaRhSi YRuSi ThRuSi ThCuSi
        LaCoSi YNiSi YFeSi YCuSi LaNiGe LaCuGe LaRuGe SrPdGe CaPdGe CaNiSi CaNiGe CaCuGe SrCuSi SrNiGe CaAlGa
        SrAlGa BaAlGa LaAuSi LaPdSi LaPdGe KCoSe KNiS KNiSe TlCoS TlNiSe TlCuSe TlCoSe KFeAs RbFeAs CsFeAs
        KFeSe SrCoP SrCoAs BaCoAs BaRhAs BaRuAs SrRuAs CaPdAs SrPdAs CaPdP YCoP BaZnP BaZnAs SrRhAs CaRhP
        SrRhP BaIrP LaFeSi LaNiP LaCoP LaRuP YRuP LaOsSi YOsSi LaIrSi YRhSi YPdSi ErNiSi LuNiSi LuFeSi ThNiSi
        ThFeSi ThCoSi UNiSi ThRhSi LaAgGe SrPdSi BaCdP BaRuP BaCuS KCuSe TlCuS RbCoSe CsCoSe CsNiSe LaZnAl
        SrZnAl ThMnSi YMnSi
    """,
    "calcium_aluminium_silicide": """
        YAlSi SrZnSb CaMnSb LiAgTe BaMgSb YAlGe ErAlSi LuAlSi CaAlSi CaAlGe SrAlSi SrAlGe CaGaP LaAlGe
    """,
    "zirconium_beryllium_silicide": """
        ZrBeSi CaCuP CaCuAs SrCuP SrCuAs SrAgP SrAgAs BaCuP BaCuAs BaAgAs BaAgP BaAuP KHgAs KHgSb KZnSb KZnP
        KZnAs SrCuSb BaCuSb LaNiSb LaCuSb SrAuP SrAuAs KCdP LaPtSb RbZnP
    """,
    "lithium_gallium_germanide": """
        LiGaGe LiZnSb CaZnSn YCuPb LaPdSb LiInGe YPtSb LaCuSn YCuSn LaAuSn YAuSn NaSnP KSnAs KSnSb NaSnAs
        ScAuGe LuAuGe YAuGe LuAuSn
    """,
    "alpha_nafeo2": """
        LiCoO LiNiO LiCrO NaCrO LiVO LiRhO NaTiO NaCoO NaNiO NaVO LiTiO NaCrS NaCrSe KCrS NaTiS TlBiTe TlSbTe
        TlBiSe TlBiS TlSbSe LiCrSe KCrSe NaVS NaVSe KTiS RbCrS NaRhO
    """,
    "lithium_titanium_sulfide": """
        LiTiS LiVS LiTiSe LiVSe LiCrTe LiCrSe LiZrSe NaTiTe LiNbS LiTaS LiYSe LiScSe LiTiTe CuTiTe AgTiTe
        LiHfS NaZrSe
    """,
    "delafossite": """
        CuAlO CuGaO CuInO CuScO CuYO CuLaO CuCrO CuCoO AgAlO AgGaO AgInO AgScO AgCrO AgCoO AgRhO PdCoO PtCoO
        PdCrO PdRhO AgNiO AgLaO AgYO
    """,
    # layers and molecules
    "cadmium_iodide": """
        TiS TiSe TiTe ZrS ZrSe ZrTe HfS HfTe TaS TaSe VS VSe VTe SnS SnSe PtSe PtTe PdTe NiTe CoTe IrTe RhTe
        SiTe MgBr MgI CaI MnI FeI CdI GeI FeBr CoBr MnBr TiCl TiBr TiI VCl VBr VI CoI TmI
    """,
    "cadmium_chloride": "MgCl CdCl CdBr MnCl FeCl CoCl NiCl NiBr NiI FeBr",
    "anti_cadmium_iodide": "AgF WC MoC TaC VC NbC TiO VN",
    "anti_cadmium_chloride": "CsO CaN SrN BaN YC ScC HoC TbC LuC",
    "molybdenite": "MoSe MoTe WS WSe",
    "niobium_diselenide": "NbS NbSe TaS TaSe",
    "rhombohedral_molybdenite": "NbS NbSe TaS TaSe WS WSe MoSe MoTe NbTe",
    "gallium_selenide": "GaS GaSe InSe GaTe AlS AlSe",
    "germanium_telluride": "GeTe SnTe SbAs AsP GeSe BiSb",
    "zirconium_monochloride": "ZrCl ZrBr HfCl ScCl YCl LaBr YBr ScBr LaCl LaI TiCl TbCl ErCl",
    "iron_oxychloride": """
        FeOCl TiOCl VOCl CrOCl InOCl AlOCl InOBr TiNCl TiNBr TiNI TiOBr ErOCl ScOCl VOBr CrOBr GaOCl ZrNI
    """,
    "zirconium_nitride_chloride": "ZrNCl HfNCl ZrNBr HfNBr ZrNI HfNI YSF LuSF ErSF ScNCl TiNCl LaSF YOF",
    "matlockite": """
        BaFCl BaFBr BaFI SrFCl CaFCl SrFBr PbFCl PbFBr SrFI CaHCl SrHCl BaHCl CaHBr SrHBr BaHBr SrHI BaHI CaHI
        BiOCl BiOBr BiOI BiOF LaOCl LaOBr LaOI PrOCl YOCl NdOCl DyOBr HoOI ErOBr ThOS ThOSe UOS UOSe ZrSiS
        ZrSiSe ZrSiTe HfSiS HfSiSe HfSiTe ZrGeS ZrGeSe ZrGeTe HfGeS HfGeSe HfGeTe ZrSnTe AsFeLi AsFeNa PFeLi
        AsMgNa AsZnNa PZnNa PMgK AsMgK SbMgNa GeTiY LaHCl LaHBr AsCoLi UGeS SiFeLa SiCoLa SiRuLa GeRuLa
    """,
    "bismuth_telluride": "BiTe BiSe SbTe ScTe",
    "tetradymite": "BiTeS BiTeSe BiSeTe SbTeSe SbSeTe SbTeS BiSeS",
    "sodium_tin_arsenide": "NaSnP NaSnAs SrSnAs KSnAs LiSnAs SrSnP",
    "mercury_iodide": "HgI HgBr ZnI",
    "calomel": "HgCl HgBr HgI HgF",
    "tin_tetrafluoride": "SnF NbF PbF TiF ZrF",
    "anatase": "TiO HfO NbO",
    "lithium_nitride": "LiN NaN LiP",
}
"""Of each type of compounds."""

MIXED_CRYSTALS: Final = {
    "copper_gold_chalcogenide": """
        AlGaAs AlInAs GaInAs AlGaP AlInP GaInP AlGaSb AlInSb GaInSb AlGaN AlInN BAlN BGaN BAlP BGaP BInP PAsAl
        PAsGa PAsIn AsSbAl AsSbGa AsSbIn NPAl NPGa NAsGa NPB PSbB NBiGa ZnCdSe ZnCdS ZnCdTe ZnHgTe ZnHgSe
        MgZnSe MgZnTe MgZnS BeZnSe BeZnS BeZnTe BeCdTe BeMgTe BeMgSe BeZnO MgZnO MgCdTe CdHgTe MnCdTe SSeZn
        SeTeZn STeZn SSeCd SeTeCd SSeBe SeTeBe OSZn OSBe CuAgI CuAgBr ClBrCu BrICu SiGeC SiSnC GeSnC BeCN
        BeSiN MgSiN ZnGeN ZnSiN MgGeN BeSiP MgSiP
    """,
    "layered_rocksalt_alloy": """
        TiZrC TiHfC ZrHfC TiVC VNbC NbTaC ZrNbC TiNbC HfTaC ZrTaC TiTaC TiZrN TiHfN ZrHfN TiVN TiAlN ScYN
        ScTiN ScAlN YLaN VNbN CNTi CNZr CNHf CNNb CNTa CNV CNSc COTi NOTi NOV MgCaO MgCdO CaCdO MgMnO CaSrO
        SrBaO CaSrS MgCaS CaSrSe SrBaS PbSnTe PbSnSe PbGeTe SSePb SeTePb SSeCa SeTeSr STeBa OSCa OSeSr NaKCl
        KRbCl NaKBr KRbBr KRbI LiNaF NaKF LiNaCl AgNaCl AgNaBr ClBrNa ClBrK BrIK BrIRb FClK ScYSb YLaAs PAsLa
        AsSbY ScYP LaYSb SbBiLa HFLi HFNa
    """,
}
"""Two crystals of one type at half and half, in layers one after the other."""
