"""The peers are development packages: where one is missing, its comparison is left out."""

from importlib.util import find_spec

PACKAGES = {
    "test_agrees_with_ablations.py": ("captum", "pytorch_grad_cam"),
    "test_agrees_with_captum.py": ("captum", "sklearn"),
    "test_agrees_with_eigen_grad_cam.py": ("pytorch_grad_cam",),
    "test_agrees_with_captum_bent.py": ("captum",),
    "test_agrees_with_cam_families.py": ("pytorch_grad_cam", "torchcam"),
    "test_agrees_with_cam_packages.py": ("pytorch_grad_cam", "torchcam"),
    "test_agrees_with_shap_and_lime.py": ("shap", "lime"),
    "test_agrees_with_lime_images.py": ("lime",),
    "test_compat_with_captum.py": ("captum",),
    "test_compat_with_grad_cam.py": ("pytorch_grad_cam",),
    "test_agrees_with_shap_partition.py": ("shap",),
    "test_peers_before_the_suite.py": ("captum", "pytorch_grad_cam", "torchcam", "shap", "lime"),
    "test_agrees_with_torchcam_legrad.py": ("torchcam",),
}
collect_ignore = [file for file, names in PACKAGES.items() if not all(map(find_spec, names))]
