"""Folders and files of each dataset as its owner distributes it, for `show` and refusals."""

from __future__ import annotations

from collections.abc import Mapping

TREES: Mapping[str, str] = {
    "oulu_casia": """\
OriginalImg/{NI,VL}/{Strong,Weak,Dark}/P001/Anger/000.jpeg
PreProcess_Img/{NI_Acropped,VL_Acropped}/{Strong,Weak,Dark}/P001/Anger/000.jpeg""",
    "folder": """\
<spectrum>/<subject>/<expression>/<name>.png      spectrum vis, nir or lwir; also without subject
<spectrum>/<subject>/<expression>/<name>.mp4      a video, or a folder of frames: <name>/0001.png
extra/<subject>/<expression>/<name>.png      other people's visible images, trained on only
manifest.csv      instead: path, spectrum, label; subject, lighting, pair, split, part, audio""",
    "cfee": "CFEE_Database_230/{01-04/Images1, …, 21-26/Images6}/CC_SSS_NNNN.jpg",
    "kdef": "KDEF_and_AKDEF/KDEF/AF01/AF01ANS.JPG",
    "nvie": """\
SpontaneousDatabase/{front,left,right}/<subject>/{visible,infrared}/<clip>/*.bmp
SpontaneousDatabase/…/{visible,infrared}/{onset,apex}/…
<rating table>.csv      beside SpontaneousDatabase
0-PosedExpressionDatabase/<any levels>/{visible,infrared}/<expression>/*
5_USTC-ApexVisibleSpontaneousExpressionFrame_AAM Points/SelectedSamples/<code>…""",
    "hub": """\
*.parquet      or
dataset_info.json with *.arrow, as save_to_disk writes them      or
<split>/<label>/*.png, an imagefolder""",
    "raf_db": """\
basic/Image/{aligned/train_00001_aligned.jpg, original/train_00001.jpg}
basic/EmoLabel/list_patition_label.txt      or
DATASET/{train,test}/{1..7}/train_00001_aligned.jpg with {train,test}_labels.csv""",
    "ferplus": """\
fer2013.csv with fer2013new.csv      pixels of FER-2013, votes of FER+      or
FER2013{Train,Valid,Test}/fer0000000.png with label.csv in each, or fer2013new.csv above""",
    "large_hfe": """\
Large-HFE/{VIS,NIR}/S001/Anger/000.jpg
Large-HFE/metadata.csv      optional: path,modality,subject,expression,frame,pair_id""",
    "dfew": """\
DFEW/Clip/clip_224x224/00001/00001_00001.jpg
DFEW/Clip/{clip_224x224_16f/00001/1.jpg, clip_224x224_avi/00001.avi, jpg_256/…, original/1.mp4}
DFEW/EmoLabel_DataSplit/{train,test}(single-labeled)/set_1.csv … set_5.csv
DFEW/Annotation/annotation.xlsx""",
    "ferv39k": """\
2_ClipsforFaceCrop/Action/Happy/0015/*.jpg      22 scenes, seven expressions
4_setups/All_scenes/{train,test}_All.csv""",
    "ck_plus": """\
cohn-kanade-images/S005/001/S005_001_00000011.png
Emotion/S005/001/S005_001_00000011_emotion.txt
Landmarks/S005/001/S005_001_00000011_landmarks.txt""",
    "mafw": """\
MAFW/data/clips/00025.mp4
MAFW/data/frames/00025/*.png
MAFW/Train & Test Set/single/{no_caption,with_caption}/set_1/{train,test}.txt""",
    "mafw_compound": """\
MAFW/data/clips/00025.mp4
MAFW/data/frames/00025/*.png
MAFW/Train & Test Set/compound/{no_caption,with_caption}/set_1/{train,test}.txt""",
    "affectnet": """\
Manually_Annotated_Images/<n>/<hash>.<ext>
Manually_Annotated_file_lists/{training,validation}.csv      or, of 2021,
{train_set,val_set}/images/<id>.jpg with annotations/<id>_{exp,lnd,val,aro}.npy""",
}
"""By dataset; any folders above are accepted. Spellings of other distributors are read, too."""
