"""The peers are development packages: where one is missing, its comparison is left out."""

from importlib.util import find_spec

PACKAGES = {
    "test_agrees_with_captum.py": ("captum", "sklearn"),
    "test_agrees_with_eigen_grad_cam.py": ("pytorch_grad_cam",),
    "test_agrees_with_cam_packages.py": ("pytorch_grad_cam", "torchcam"),
    "test_agrees_with_shap_and_lime.py": ("shap", "lime"),
    "test_compat_with_captum.py": ("captum",),
    "test_compat_with_grad_cam.py": ("pytorch_grad_cam",),
    "test_agrees_with_shap_partition.py": ("shap",),
}
collect_ignore = [file for file, names in PACKAGES.items() if not all(map(find_spec, names))]
